package vigie.agent.source;

import com.google.re2j.Matcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The text of a label with captured fields in it, such as {@code ${class}xx}.
 *
 * @param literals what stands before, between and behind the fields: one more than these
 */
record LabelText(List<String> literals, List<String> fields) {
  private static final int MOST = 128;

  static LabelText of(String text) {
    List<String> literals = new ArrayList<>();
    List<String> fields = new ArrayList<>();
    int from = 0;
    int open = text.indexOf("${");
    while (open >= 0 && text.indexOf('}', open) > 0) {
      int close = text.indexOf('}', open);
      literals.add(text.substring(from, open));
      fields.add(text.substring(open + 2, close));
      from = close + 1;
      open = text.indexOf("${", from);
    }
    literals.add(text.substring(from));
    return new LabelText(List.copyOf(literals), List.copyOf(fields));
  }

  /** The text for a match; at most 128 characters. */
  String of(Map<String, Integer> groups, Matcher found) {
    StringBuilder text = new StringBuilder(literals.get(0));
    for (int i = 0; i < fields.size(); i++) {
      text.append(group(groups.get(fields.get(i)), found)).append(literals.get(i + 1));
    }
    return text.substring(0, Math.min(text.length(), MOST));
  }

  /** {@code ""} where the group took no part. */
  static String group(@Nullable Integer number, Matcher found) {
    String text = number == null ? null : found.group(number);
    return text == null ? "" : text;
  }
}
