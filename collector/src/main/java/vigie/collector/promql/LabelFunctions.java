package vigie.collector.promql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import vigie.collector.label.Labels;
import vigie.collector.label.Regex;
import vigie.collector.promql.Expr.Call;

/** Functions that change labels and leave values alone. */
final class LabelFunctions {
  /** Of a label, as far as that can be told before it is made. */
  private static final int LONGEST = 4 << 20;

  private LabelFunctions() {}

  static Block replace(Evaluation evaluation, Call call) {
    String target = labelName(call, 1, "destination");
    String template = Evaluation.text(call.args().get(2));
    String source = Evaluation.text(call.args().get(3));
    Regex regex;
    try {
      regex = Regex.of(Evaluation.text(call.args().get(4)));
    } catch (IllegalArgumentException e) {
      throw Evaluation.failed("invalid regular expression in label_replace(): " + e.getMessage());
    }
    Block block = evaluation.vector(call.args().get(0));
    // Many series share few values, and matching is the dear part.
    Map<String, String> replaced = new HashMap<>();
    for (int row = 0; row < block.rows(); row++) {
      String value = block.labels(row).get(source);
      String result = replaced.get(value);
      if (result == null && !replaced.containsKey(value)) {
        checkLength(call, (long) template.length() * Math.max(1, value.length()));
        result = regex.expandWhole(value, template);
        replaced.put(value, result);
        evaluation.run.hold(result == null ? 0 : result.length() / Double.BYTES);
        evaluation.run.checkTime(); // a long value and a dear expression take milliseconds
      }
      if (result != null) {
        set(block, row, target, result);
      }
    }
    return evaluation.mergedOnce(block);
  }

  static Block join(Evaluation evaluation, Call call) {
    String target = labelName(call, 1, "destination");
    String separator = Evaluation.text(call.args().get(2));
    List<String> sources = new ArrayList<>();
    for (int i = 3; i < call.args().size(); i++) {
      sources.add(labelName(call, i, "source"));
    }
    Block block = evaluation.vector(call.args().get(0));
    for (int row = 0; row < block.rows(); row++) {
      long length = (long) separator.length() * sources.size();
      for (String source : sources) {
        length += block.labels(row).get(source).length();
      }
      checkLength(call, length);
      evaluation.run.hold(length / Double.BYTES);
      StringJoiner joined = new StringJoiner(separator);
      for (String source : sources) {
        joined.add(block.labels(row).get(source));
      }
      set(block, row, target, joined.toString());
    }
    return evaluation.mergedOnce(block);
  }

  /** Each call could make labels ten times as long as those of the call in it. */
  private static void checkLength(Call call, long most) {
    if (most > LONGEST) {
      throw PromqlException.evaluation(
          PromqlException.Kind.LIMIT,
          call.function().name()
              + "() could make a label of "
              + most
              + " characters, at most "
              + LONGEST
              + " may be; shorten its arguments");
    }
  }

  private static void set(Block block, int row, String name, String value) {
    block.setLabels(row, block.labels(row).with(name, value));
    if (name.equals(Labels.NAME)) {
      block.setDropsName(row, false);
    }
  }

  private static String labelName(Call call, int index, String which) {
    String name = Evaluation.text(call.args().get(index));
    if (name.isEmpty() || !Strings.isUtf8(name)) {
      throw Evaluation.failed(
          "invalid "
              + which
              + " label name in "
              + call.function().name()
              + "(): "
              + Strings.quote(name));
    }
    return name;
  }
}
