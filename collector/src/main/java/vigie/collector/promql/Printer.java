package vigie.collector.promql;

import java.time.Duration;
import java.util.List;
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
      writeShift(v.shift());
    } else if (expr instanceof Expr.MatrixSelector m) {
      writeSelector(m.vector());
      out.append('[').append(duration(m.rangeMillis())).append(']');
      writeShift(m.vector().shift());
    } else if (expr instanceof Expr.Subquery s) {
      write(s.expr());
      out.append('[').append(duration(s.rangeMillis())).append(':');
      out.append(s.stepMillis() == 0 ? "" : duration(s.stepMillis())).append(']');
      writeShift(s.shift());
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

  private void writeNumber(Expr.Num number) {
    if (!number.duration()) {
      out.append(Numbers.format(number.value()));
      return;
    }
    long millis = Math.round(number.value() * 1000);
    out.append(millis < 0 ? "-" : "").append(duration(Math.abs(millis)));
  }

  private void writeSelector(Expr.VectorSelector selector) {
    boolean bare = isMetricName(selector.name());
    out.append(bare ? selector.name() : "");
    StringJoiner inside = new StringJoiner(",");
    if (!bare && !selector.name().isEmpty()) {
      inside.add(Strings.quote(selector.name()));
    }
    for (LabelMatcher m : selector.matchers()) {
      boolean isName =
          !selector.name().isEmpty()
              && m.name().equals(Labels.NAME)
              && m.op() == LabelMatcher.Op.EQUAL;
      if (!isName) {
        inside.add(label(m.name()) + m.op().text() + Strings.quote(m.value()));
      }
    }
    if (inside.length() > 0 || !bare) {
      out.append('{').append(inside).append('}');
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
          out.append(size / 1000).append(String.format(".%03d", size % 1000));
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
    out.append(' ').append(binary.op().text()).append(binary.bool() ? " bool" : "");
    Expr.Matching matching = binary.matching();
    if (matching != null) {
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
    }
    out.append(' ');
    write(binary.right());
  }

  private void writeAggregate(Expr.Aggregate aggregate) {
    out.append(aggregate.op().text());
    if (aggregate.without()) {
      out.append(" without (").append(labels(aggregate.grouping())).append(") ");
    } else if (!aggregate.grouping().isEmpty()) {
      out.append(" by (").append(labels(aggregate.grouping())).append(") ");
    }
    writeAll(aggregate.children());
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
      joined.add(label(name));
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
