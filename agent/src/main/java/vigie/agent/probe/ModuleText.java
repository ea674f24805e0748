package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Addresses;
import vigie.base.time.Durations;

/**
 * A module as lines {@code key: value} for people, from the records that it consists of. What is
 * {@link Shown} shows no secret; a value of a type that is not known here is left out.
 */
final class ModuleText {
  private ModuleText() {}

  /** The lines, each with its end. */
  static String of(Module module) {
    StringBuilder out = new StringBuilder("prober: " + module.prober() + "\n");
    lines(out, "", pairs(module));
    return out.toString();
  }

  private static void lines(StringBuilder out, String indent, Map<String, Object> pairs) {
    pairs.forEach(
        (key, value) -> {
          if (value instanceof Collection<?> list) {
            out.append(indent).append(key).append(":\n");
            list.forEach(each -> out.append(indent).append("  - ").append(item(each)).append('\n'));
          } else if (isNested(value)) {
            Map<String, Object> nested = pairs(value);
            if (!nested.isEmpty()) {
              out.append(indent).append(key).append(":\n");
              lines(out, indent + "  ", nested);
            }
          } else {
            out.append(indent).append(key).append(": ").append(scalar(value)).append('\n');
          }
        });
  }

  /** One line, also of a record: {@code send: {text: <12 characters>}}. */
  private static String item(Object value) {
    return isNested(value)
        ? key(value.getClass().getSimpleName()) + ": " + inline(pairs(value))
        : String.valueOf(scalar(value));
  }

  private static String inline(Map<String, Object> pairs) {
    return pairs.entrySet().stream()
        .map(pair -> pair.getKey() + ": " + inline(pair.getValue()))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String inline(Object value) {
    if (value instanceof Collection<?> list) {
      return list.stream().map(ModuleText::item).collect(Collectors.joining(", ", "[", "]"));
    }
    return isNested(value) ? inline(pairs(value)) : String.valueOf(scalar(value));
  }

  private static boolean isNested(Object value) {
    return value instanceof Shown || value instanceof Map || scalar(value) == null;
  }

  /** Without those that say nothing. */
  private static Map<String, Object> pairs(Object value) {
    Map<String, Object> all = new LinkedHashMap<>();
    if (value instanceof Shown shown) {
      shown.shown().forEach((key, each) -> put(all, key, each));
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, each) -> put(all, String.valueOf(key), each));
    } else if (value instanceof Record) {
      for (RecordComponent each : value.getClass().getRecordComponents()) {
        put(all, key(each.getName()), component(value, each));
      }
    }
    return all;
  }

  private static @Nullable Object component(Object of, RecordComponent component) {
    try {
      return component.getAccessor().invoke(of);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("BUG: " + component + " of a module cannot be read", e);
    }
  }

  private static void put(Map<String, Object> all, String key, @Nullable Object value) {
    boolean says =
        value instanceof String text
            ? !text.isEmpty()
            : value instanceof Collection<?> list
                ? !list.isEmpty()
                : value instanceof Shown
                    || value instanceof Map
                    || value instanceof Record
                    || (value != null && scalar(value) != null);
    if (says && value != null) {
      all.put(key, value);
    }
  }

  /** Null where it is none. */
  private static @Nullable String scalar(Object value) {
    if (value instanceof HiddenText) {
      return "<secret>";
    } else if (value instanceof Shown.Length length) {
      return "<" + length.characters() + " characters>";
    } else if (value instanceof String text) {
      return isWord(text) ? text : PeerWords.quoted(text);
    } else if (value instanceof Pattern pattern) {
      return PeerWords.quoted(pattern.pattern());
    } else if (value instanceof Duration duration) {
      return Durations.format(duration);
    } else if (value instanceof InetAddress address) {
      return Addresses.format(address);
    }
    return value instanceof Number || value instanceof Boolean || value instanceof Path
        ? value.toString()
        : null;
  }

  private static boolean isWord(String text) {
    return text.chars().allMatch(c -> Character.isLetterOrDigit(c) || "._/-".indexOf(c) >= 0);
  }

  /** {@code followRedirects} as {@code follow_redirects}. */
  private static String key(String name) {
    StringBuilder out = new StringBuilder();
    for (char c : name.toCharArray()) {
      boolean begins = Character.isUpperCase(c) && !out.isEmpty();
      out.append(begins ? "_" : "").append(String.valueOf(c).toLowerCase(Locale.ROOT));
    }
    return out.toString();
  }
}
