package vigie.collector.promql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import vigie.base.time.Durations;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/** Writes a tree back as Prometheus formats queries. */
final class Printer {
  private final StringBuilder out = new StringBuilder();

  private Printer() {}

  static String print(Expr expr) {
    Printer printer = new Printer();
    printer.write(expr);
    return printer.out.toString();
  }

  private void write(Expr expr) {
    if (expr instanceof Expr.Num n) {
      writeNumber(n);
    } else if (expr instanceof Expr.Text t) {
      out.append(Strings.quote(t.value()));
    } else if (expr instanceof Expr.VectorSelector v) {
      writeSelector(v);
      writeEdges(v);
      writeShift(v.shift());
    } else if (expr instanceof Expr.MatrixSelector m) {
      writeSelector(m.vector());
      out.append('[').append(duration(m.rangeMillis())).append(']');
      writeEdges(m.vector());
      writeShift(m.vector().shift());
    } else if (expr instanceof Expr.Subquery s) {
      write(s.expr());
      writeTail(s);
    } else if (expr instanceof Expr.Unary u) {
      out.append(u.negative() ? '-' : '+');
      write(u.expr());
    } else if (expr instanceof Expr.Binary b) {
      writeBinary(b);
    } else if (expr instanceof Expr.Aggregate a) {
      writeAggregate(a);
    } else if (expr instanceof Expr.Call c) {
      out.append(c.function().name());
      writeAll(c.args());
    } else if (expr instanceof Expr.Paren p) {
      out.append('(');
      write(p.expr());
      out.append(')');
    } else {
      throw new AssertionError(expr.getClass());
    }
  }

  /** What stands behind a subquery's expression: {@code [5m:1m] offset 1h}. */
  static String tail(Expr.Subquery subquery) {
    Printer printer = new Printer();
    printer.writeTail(subquery);
    return printer.out.toString();
  }

  private void writeTail(Expr.Subquery subquery) {
    out.append('[').append(duration(subquery.rangeMillis())).append(':');
    out.append(subquery.stepMillis() == 0 ? "" : duration(subquery.stepMillis())).append(']');
    writeShift(subquery.shift());
  }

  private void writeNumber(Expr.Num number) {
    if (!number.duration()) {
      out.append(Numbers.plain(number.value()));
      return;
    }
    long millis = Math.round(number.value() * 1000);
    out.append(millis < 0 ? "-" : "").append(duration(Math.abs(millis)));
  }

  private void writeSelector(Expr.VectorSelector selector) {
    boolean bare = !selector.name().isEmpty();
    out.append(selector.name());
    List<String> inside = new ArrayList<>();
    for (LabelMatcher m : selector.matchers()) {
      boolean isName = bare && m.name().equals(Labels.NAME) && m.op() == LabelMatcher.Op.EQUAL;
      if (!isName) {
        inside.add(label(m.name()) + m.op().text() + Strings.quote(m.value()));
      }
    }
    inside.sort(null);
    if (!inside.isEmpty()) {
      out.append('{').append(String.join(",", inside)).append('}');
    }
  }

  private void writeEdges(Expr.VectorSelector selector) {
    if (selector.edges() != Expr.Edges.PLAIN) {
      out.append(' ').append(selector.edges().name().toLowerCase(Locale.ROOT));
    }
  }

  private void writeShift(Expr.Shift shift) {
    Expr.At at = shift.at();
    if (at != null) {
      switch (at.anchor()) {
        case START -> out.append(" @ start()");
        case END -> out.append(" @ end()");
        case TIME -> {
          long size = Math.abs(at.millis());
          out.append(" @ ").append(at.millis() < 0 ? "-" : "");
          out.append(size / 1000).append(String.format(Locale.ROOT, ".%03d", size % 1000));
        }
      }
    }
    if (shift.offsetMillis() != 0) {
      out.append(" offset ").append(shift.offsetMillis() < 0 ? "-" : "");
      out.append(duration(Math.abs(shift.offsetMillis())));
    }
  }

  private void writeBinary(Expr.Binary binary) {
    write(binary.left());
    out.append(' ').append(operator(binary)).append(' ');
    write(binary.right());
  }

  /** The operator with all that modifies it: {@code > bool on (a) group_left (b)}. */
  static String operator(Expr.Binary binary) {
    StringBuilder out = new StringBuilder(binary.op().text());
    out.append(binary.bool() ? " bool" : "");
    Expr.Matching matching = binary.matching();
    if (matching == null) {
      return out.toString();
    }
    boolean grouped =
        matching.cardinality() == Expr.Cardinality.MANY_TO_ONE
            || matching.cardinality() == Expr.Cardinality.ONE_TO_MANY;
    if (matching.on() || !matching.labels().isEmpty() || grouped) {
      out.append(matching.on() ? " on (" : " ignoring (");
      out.append(labels(matching.labels())).append(')');
    }
    if (grouped) {
      boolean left = matching.cardinality() == Expr.Cardinality.MANY_TO_ONE;
      out.append(left ? " group_left (" : " group_right (");
      out.append(labels(matching.include())).append(')');
    }
    return out.toString();
  }

  private void writeAggregate(Expr.Aggregate aggregate) {
    out.append(head(aggregate));
    writeAll(aggregate.children());
  }

  /** What stands before the parenthesis: {@code sum by (a) }. */
  static String head(Expr.Aggregate aggregate) {
    String name = aggregate.op().text();
    if (aggregate.without()) {
      return name + " without (" + labels(aggregate.grouping()) + ") ";
    }
    return aggregate.grouping().isEmpty()
        ? name
        : name + " by (" + labels(aggregate.grouping()) + ") ";
  }

  private void writeAll(List<Expr> args) {
    out.append('(');
    for (int i = 0; i < args.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      write(args.get(i));
    }
    out.append(')');
  }

  private static String labels(List<String> names) {
    StringJoiner joined = new StringJoiner(", ");
    for (String name : names) {
      joined.add(isMetricName(name) ? name : Strings.quote(name));
    }
    return joined.toString();
  }

  private static String label(String name) {
    return isMetricName(name) && name.indexOf(':') < 0 ? name : Strings.quote(name);
  }

  private static boolean isMetricName(String name) {
    if (name.isEmpty() || (name.charAt(0) >= '0' && name.charAt(0) <= '9')) {
      return false;
    }
    return name.chars()
        .allMatch(
            c ->
                (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '_'
                    || c == ':');
  }

  private static String duration(long millis) {
    return Durations.format(Duration.ofMillis(millis));
  }
}
