package vigie.collector.promql;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.testing.RealPrometheus;

/** Asks this engine and the real Prometheus the same over a range, and tells what differs. */
final class Twins {
  private final Engine engine;
  private final RealPrometheus prometheus;

  Twins(Engine engine, RealPrometheus prometheus) {
    this.engine = engine;
    this.prometheus = prometheus;
  }

  JsonNode theirs(String query, long from, long to, long step)
      throws IOException, InterruptedException {
    return prometheus.ask(
        "/api/v1/query_range",
        "query",
        query,
        "start",
        "" + from / 1000.0,
        "end",
        "" + to / 1000.0,
        "step",
        step + "ms");
  }

  /** What differs; empty where nothing does. Whatever fails must fail here too. */
  String compare(String query, long from, long to, long step, JsonNode theirs) {
    QueryResult ours;
    try {
      ours = engine.range(Parser.parse(query), from, to, step);
    } catch (PromqlException e) {
      // Later releases also count the matches that a comparison drops, and so do we.
      boolean later = String.valueOf(e.getMessage()).startsWith("multiple matches for labels");
      return later || theirs.path("status").asText().equals("error")
          ? ""
          : "we fail: " + e.getMessage();
    }
    if (!theirs.path("status").asText().equals("success")) {
      return "Prometheus fails: " + theirs.path("error").asText();
    }
    String difference = compareSeries(ours, theirs);
    boolean placed = !query.contains(":");
    return difference.isEmpty()
        ? compareNotes("warnings", theirs, ours.warnings(), placed)
            + compareNotes("infos", theirs, ours.infos(), placed)
        : difference;
  }

  /** What differs in the series of a range and their values; empty where nothing does. */
  static String compareSeries(QueryResult ours, JsonNode theirs) {
    Map<String, Map<Long, double[]>> expected = new TreeMap<>();
    for (JsonNode row : theirs.path("data").path("result")) {
      Labels.Builder labels = Labels.EMPTY.toBuilder();
      row.path("metric").properties().forEach(f -> labels.set(f.getKey(), f.getValue().asText()));
      Map<Long, double[]> points = new TreeMap<>();
      for (JsonNode point : row.path("values")) {
        points.put(
            Math.round(point.get(0).asDouble() * 1000),
            new double[] {number(point.get(1).asText())});
      }
      for (JsonNode point : row.path("histograms")) {
        points.put(Math.round(point.get(0).asDouble() * 1000), numbers(point.get(1)));
      }
      expected.put(labels.build().toString(), points);
    }
    Map<String, Map<Long, double[]>> actual = new TreeMap<>();
    for (QueryResult.Row row : ((QueryResult.Matrix) ours.value()).rows()) {
      Map<Long, double[]> points = new TreeMap<>();
      for (int i = 0; i < row.values().length; i++) {
        Histogram histogram = row.histogram(i);
        points.put(
            row.timesMillis()[i],
            histogram == null ? new double[] {row.values()[i]} : numbers(histogram));
      }
      actual.put(row.labels().toString(), points);
    }
    if (!actual.keySet().equals(expected.keySet())) {
      return "series: " + actual.keySet() + " instead of " + expected.keySet();
    }
    for (String labels : expected.keySet()) {
      Map<Long, double[]> want = expected.get(labels);
      Map<Long, double[]> got = actual.get(labels);
      if (!want.keySet().equals(got.keySet())) {
        return labels + " steps: " + got.keySet() + " instead of " + want.keySet();
      }
      for (Long time : want.keySet()) {
        if (!same(want.get(time), got.get(time))) {
          return labels
              + " at "
              + time
              + ": "
              + Arrays.toString(got.get(time))
              + " instead of "
              + Arrays.toString(want.get(time));
        }
      }
    }
    return "";
  }

  /**
   * @param placed whether places count; Prometheus has 1:1 for what is within a subquery
   */
  private static String compareNotes(
      String kind, JsonNode theirs, List<String> ours, boolean placed) {
    TreeSet<String> expected = new TreeSet<>();
    theirs.path(kind).forEach(note -> expected.add(alike(note.asText(), placed)));
    // Prometheus shows ten, and how many more there are.
    boolean more =
        expected.removeIf(note -> note.contains("more ") && note.contains("annotations"));
    TreeSet<String> actual = new TreeSet<>();
    ours.forEach(note -> actual.add(alike(note, placed)));
    // Later releases tell of it.
    actual.removeIf(note -> note.contains("is ineffective for range queries"));
    actual.removeIf(
        note ->
            note.contains("conflicting counter resets during histogram")
                && !expected.contains(note));
    boolean same = more ? actual.containsAll(expected) : actual.equals(expected);
    return same ? "" : kind + ": " + actual + " instead of " + expected + " ";
  }

  /** Releases of Prometheus differ in when they name the metric. */
  private static String alike(String note, boolean placed) {
    // Of a mix they name one or another.
    boolean named =
        note.contains("monotonicity")
            || note.contains("bucket label")
            || note.contains("a mix of histograms");
    String text = named ? note.replaceAll(" for metric name \"[^\"]*\"", "") : note;
    return placed ? text : text.replaceAll(" \\(\\d+:\\d+\\)$", "");
  }

  /** Count, sum, and of each bucket what the API says of it. */
  private static double[] numbers(JsonNode histogram) {
    List<Double> all = new ArrayList<>();
    all.add(number(histogram.path("count").asText()));
    all.add(number(histogram.path("sum").asText()));
    for (JsonNode bucket : histogram.path("buckets")) {
      bucket.forEach(each -> all.add(number(each.asText())));
    }
    return all.stream().mapToDouble(each -> each).toArray();
  }

  private static double[] numbers(Histogram histogram) {
    List<Double> all = new ArrayList<>(List.of(histogram.count(), histogram.sum()));
    for (Histogram.Bucket bucket : histogram.buckets()) {
      if (bucket.count() != 0) {
        int open = bucket.openRight() ? 1 : 3;
        all.add((double) (bucket.openLeft() ? bucket.openRight() ? 2 : 0 : open));
        all.addAll(List.of(bucket.lower(), bucket.upper(), bucket.count()));
      }
    }
    return all.stream().mapToDouble(each -> each).toArray();
  }

  private static boolean same(double[] a, double[] b) {
    boolean same = a.length == b.length;
    for (int i = 0; same && i < a.length; i++) {
      same = same(a[i], b[i]);
    }
    return same;
  }

  private static boolean same(double a, double b) {
    return Double.compare(a, b) == 0
        || a == b
        || Math.abs(a - b) <= 1e-9 * (Math.abs(a) + Math.abs(b))
        // what is left where all but rounding cancels out
        || Math.abs(a - b) < 1e-16;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }
}
