package vigie.collector.template;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Nearest;
import vigie.collector.label.Labels;

/** What templates do with values: truth, fields, elements, order. As Go does. */
final class Values {
  private static final int MOST_TURNS = 10_000;

  private Values() {}

  /** What {@code .} is at first: a structure, which has its fields and no others. */
  record Data(Map<String, ?> fields) {
    Data {
      fields = Map.copyOf(fields);
    }
  }

  /** False are false, 0, nil, and what is empty. */
  static boolean isTrue(@Nullable Object value) {
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean b) {
      return b;
    }
    if (value instanceof Long l) {
      return l != 0;
    }
    if (value instanceof Double d) {
      return d != 0;
    }
    if (value instanceof String s) {
      return !s.isEmpty();
    }
    if (value instanceof List<?> list) {
      return !list.isEmpty();
    }
    if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof Labels labels) || !labels.isEmpty();
  }

  /** A field; of labels {@code ""} where there is none, of another map null. */
  static @Nullable Object field(@Nullable Object of, String name) {
    if (of instanceof Labels labels) {
      return labels.get(name);
    }
    if (of instanceof Map<?, ?> map) {
      return map.get(name);
    }
    if (of instanceof Data data) {
      Object value = data.fields().get(name);
      if (value == null) {
        Set<String> names = new TreeSet<>(data.fields().keySet());
        String nearest = Nearest.of(name, names);
        throw new IllegalArgumentException(
            "there is no field "
                + name
                + (nearest == null
                    ? ", only " + String.join(", ", names)
                    : "; did you mean " + nearest + "?"));
      }
      return value;
    }
    if (of instanceof Query.Sample sample) {
      switch (name) {
        case "Labels":
          return sample.labels();
        case "Value":
          return sample.value();
        default:
          throw new IllegalArgumentException(
              "a sample has no field " + name + ", only Labels and Value");
      }
    }
    if (of instanceof Instant time) {
      return Humanize.field(time, name);
    }
    throw new IllegalArgumentException("can't look for field " + name + " in a " + type(of));
  }

  /** Key and element of what {@code range} goes over, in its order. */
  static Map<?, ?> entries(@Nullable Object over) {
    if (over instanceof Labels labels) {
      return labels.toMap();
    }
    if (over instanceof Map<?, ?> map) {
      return new TreeMap<>(map);
    }
    Map<Object, @Nullable Object> entries = new LinkedHashMap<>();
    if (over instanceof List<?> list) {
      for (Object element : list) {
        entries.put((long) entries.size(), element);
      }
    } else if (over instanceof Long turns && turns <= MOST_TURNS) {
      for (long i = 0; i < turns; i++) {
        entries.put(i, i);
      }
    } else if (over != null) {
      throw new IllegalArgumentException("range can't go over a " + type(over));
    }
    return entries;
  }

  static @Nullable Object element(@Nullable Object of, @Nullable Object key) {
    if (of instanceof List<?> list && key instanceof Long index) {
      if (index < 0 || index >= list.size()) {
        throw new IllegalArgumentException(
            "index " + index + " is outside a list of " + list.size());
      }
      return list.get(index.intValue());
    }
    if (key instanceof String name && (of instanceof Labels || of instanceof Map)) {
      return field(of, name);
    }
    throw new IllegalArgumentException("can't index a " + type(of) + " with a " + type(key));
  }

  static boolean equal(@Nullable Object a, @Nullable Object b) {
    if (a == null || b == null) {
      return a == b;
    }
    sameType(a, b);
    if (a instanceof Double x && b instanceof Double y) {
      return x.doubleValue() == y.doubleValue();
    }
    return a.equals(b);
  }

  static boolean less(@Nullable Object a, @Nullable Object b) {
    sameType(a, b);
    if (a instanceof Double x && b instanceof Double y) {
      return x < y;
    }
    if (a instanceof Long x && b instanceof Long y) {
      return x < y;
    }
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y) < 0;
    }
    throw new IllegalArgumentException("a " + type(a) + " has no order");
  }

  private static void sameType(@Nullable Object a, @Nullable Object b) {
    String one = type(a);
    String other = type(b);
    if (!one.equals(other)) {
      boolean numbers = a instanceof Number && b instanceof Number;
      throw new IllegalArgumentException(
          "incompatible types for comparison: "
              + one
              + " and "
              + other
              + (numbers ? "; write the constant with a point, such as 80.0" : ""));
    }
  }

  static double number(@Nullable Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    if (value instanceof String text) {
      boolean plus = text.equals("+Inf") || text.equals("Inf");
      return plus
          ? Double.POSITIVE_INFINITY
          : text.equals("-Inf") ? Double.NEGATIVE_INFINITY : parsed(text);
    }
    throw new IllegalArgumentException("a " + type(value) + " is not a number");
  }

  private static double parsed(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not a number");
    }
  }

  static String string(@Nullable Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException("wrong type: expected a string, got a " + type(value));
  }

  static Query.Sample sample(@Nullable Object value) {
    if (value instanceof Query.Sample sample) {
      return sample;
    }
    throw new IllegalArgumentException("wrong type: expected a sample, got a " + type(value));
  }

  static List<?> list(@Nullable Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw new IllegalArgumentException("wrong type: expected a list, got a " + type(value));
  }

  /** Go's name of the type. */
  static String type(@Nullable Object value) {
    if (value == null) {
      return "nil";
    }
    if (value instanceof String) {
      return "string";
    }
    if (value instanceof Double) {
      return "float64";
    }
    if (value instanceof Long) {
      return "int";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof List) {
      return "list";
    }
    if (value instanceof Instant) {
      return "time";
    }
    return value instanceof Query.Sample ? "sample" : value instanceof Data ? "struct" : "map";
  }
}
