package vigie.agent.expose;

import java.util.Map;
import java.util.TreeMap;

/** A text exposition, taken apart: type by family, value by series. */
record Text(Map<String, String> types, Map<String, String> values) {
  static Text parse(String exposition) {
    Map<String, String> types = new TreeMap<>();
    Map<String, String> values = new TreeMap<>();
    for (String line : exposition.split("\n", -1)) {
      if (line.startsWith("# TYPE ")) {
        String[] words = line.split(" ", -1);
        types.put(words[2], words[3]);
      } else if (!line.startsWith("#") && !line.isEmpty()) {
        int space = line.lastIndexOf(' ');
        values.put(sorted(line.substring(0, space)), line.substring(space + 1));
      }
    }
    return new Text(types, values);
  }

  /** The series with its labels in order; a label with an empty value is none. */
  private static String sorted(String series) {
    int brace = series.indexOf('{');
    if (brace < 0) {
      return series;
    }
    TreeMap<String, String> labels = new TreeMap<>();
    String text = series.substring(brace + 1, series.length() - 1);
    int at = 0;
    while (at < text.length()) {
      int equals = text.indexOf('=', at);
      int end = equals + 2;
      while (text.charAt(end) != '"') {
        end += text.charAt(end) == '\\' ? 2 : 1;
      }
      String value = text.substring(equals + 2, end);
      if (!value.isEmpty()) {
        labels.put(text.substring(at, equals), value);
      }
      at = end + 2;
    }
    return series.substring(0, brace) + (labels.isEmpty() ? "" : labels);
  }
}
