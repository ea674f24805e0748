package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import vigie.collector.api.Json;
import vigie.collector.histogram.Histogram;
import vigie.collector.promql.Numbers;
import vigie.collector.promql.QueryResult;

/** The value of a query as JSON. */
final class ValueJson {
  private ValueJson() {}

  /** How many series there are; 1 of what has none. */
  static int size(QueryResult.Value value) {
    return value instanceof QueryResult.Vector vector
        ? vector.samples().size()
        : value instanceof QueryResult.Matrix matrix ? matrix.rows().size() : 1;
  }

  /** Writes {@code resultType} and {@code result}, of the latter only so many series. */
  static void write(JsonGenerator json, QueryResult.Value value, int limit) throws IOException {
    json.writeStringField("resultType", value.type().text());
    json.writeFieldName("result");
    if (value instanceof QueryResult.Vector vector) {
      json.writeStartArray();
      for (QueryResult.Sample sample :
          vector.samples().subList(0, Math.min(limit, vector.samples().size()))) {
        json.writeStartObject();
        json.writeFieldName("metric");
        Json.labels(json, sample.labels());
        Histogram histogram = sample.histogram();
        json.writeFieldName(histogram == null ? "value" : "histogram");
        if (histogram == null) {
          point(json, sample.timeMillis(), sample.value());
        } else {
          point(json, sample.timeMillis(), histogram);
        }
        json.writeEndObject();
      }
      json.writeEndArray();
    } else if (value instanceof QueryResult.Matrix matrix) {
      json.writeStartArray();
      for (QueryResult.Row row : matrix.rows().subList(0, Math.min(limit, matrix.rows().size()))) {
        json.writeStartObject();
        json.writeFieldName("metric");
        Json.labels(json, row.labels());
        points(json, row);
        json.writeEndObject();
      }
      json.writeEndArray();
    } else if (value instanceof QueryResult.Scalar scalar) {
      point(json, scalar.timeMillis(), scalar.value());
    } else if (value instanceof QueryResult.Text text) {
      json.writeStartArray();
      Json.seconds(json, text.timeMillis());
      json.writeString(text.text());
      json.writeEndArray();
    } else {
      throw new AssertionError("BUG: a value of no known type: " + value);
    }
  }

  /** The numbers and the histograms of a row, each if there are any. */
  private static void points(JsonGenerator json, QueryResult.Row row) throws IOException {
    int numbers = 0;
    for (int i = 0; i < row.timesMillis().length; i++) {
      if (row.histogram(i) == null) {
        if (numbers++ == 0) {
          json.writeArrayFieldStart("values");
        }
        point(json, row.timesMillis()[i], row.values()[i]);
      }
    }
    if (numbers > 0) {
      json.writeEndArray();
    }
    if (numbers == row.timesMillis().length) {
      return;
    }
    json.writeArrayFieldStart("histograms");
    for (int i = 0; i < row.timesMillis().length; i++) {
      Histogram histogram = row.histogram(i);
      if (histogram != null) {
        point(json, row.timesMillis()[i], histogram);
      }
    }
    json.writeEndArray();
  }

  private static void point(JsonGenerator json, long millis, double value) throws IOException {
    json.writeStartArray();
    Json.seconds(json, millis);
    json.writeString(Numbers.json(value));
    json.writeEndArray();
  }

  /**
   * Count, sum, and the populated buckets as {@code [rule, lower, upper, count]}, where the rule is
   * 0 for a bucket open on the left, 1 on the right, 2 on both sides, 3 on none.
   */
  private static void point(JsonGenerator json, long millis, Histogram histogram)
      throws IOException {
    json.writeStartArray();
    Json.seconds(json, millis);
    json.writeStartObject();
    json.writeStringField("count", Numbers.json(histogram.count()));
    json.writeStringField("sum", Numbers.json(histogram.sum()));
    boolean any = false;
    for (Histogram.Bucket bucket : histogram.buckets()) {
      if (bucket.count() == 0) {
        continue;
      }
      if (!any) {
        json.writeArrayFieldStart("buckets");
        any = true;
      }
      json.writeStartArray();
      json.writeNumber(bucket.openLeft() ? bucket.openRight() ? 2 : 0 : bucket.openRight() ? 1 : 3);
      json.writeString(Numbers.json(bucket.lower()));
      json.writeString(Numbers.json(bucket.upper()));
      json.writeString(Numbers.json(bucket.count()));
      json.writeEndArray();
    }
    if (any) {
      json.writeEndArray();
    }
    json.writeEndObject();
    json.writeEndArray();
  }
}
