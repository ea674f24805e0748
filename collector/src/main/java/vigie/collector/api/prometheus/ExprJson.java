package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import vigie.collector.api.Json;
import vigie.collector.label.LabelMatcher;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Function;
import vigie.collector.promql.Numbers;
import vigie.collector.promql.ValueType;

/** A query's tree as {@code /api/v1/parse_query} shows it. */
final class ExprJson {
  private ExprJson() {}

  static void write(JsonGenerator json, Expr expr) throws IOException {
    json.writeStartObject();
    if (expr instanceof Expr.Num number) {
      json.writeStringField("type", "numberLiteral");
      json.writeStringField("val", Numbers.plain(number.value()));
    } else if (expr instanceof Expr.Text text) {
      json.writeStringField("type", "stringLiteral");
      json.writeStringField("val", text.value());
    } else if (expr instanceof Expr.VectorSelector vector) {
      json.writeStringField("type", "vectorSelector");
      selector(json, vector);
    } else if (expr instanceof Expr.MatrixSelector matrix) {
      json.writeStringField("type", "matrixSelector");
      json.writeNumberField("range", matrix.rangeMillis());
      selector(json, matrix.vector());
    } else if (expr instanceof Expr.Subquery subquery) {
      json.writeStringField("type", "subquery");
      child(json, "expr", subquery.expr());
      json.writeNumberField("range", subquery.rangeMillis());
      json.writeNumberField("step", subquery.stepMillis());
      shift(json, subquery.shift());
    } else if (expr instanceof Expr.Unary unary) {
      json.writeStringField("type", "unaryExpr");
      json.writeStringField("op", unary.negative() ? "-" : "+");
      child(json, "expr", unary.expr());
    } else if (expr instanceof Expr.Paren paren) {
      json.writeStringField("type", "parenExpr");
      child(json, "expr", paren.expr());
    } else if (expr instanceof Expr.Call call) {
      json.writeStringField("type", "call");
      function(json, call.function());
      json.writeArrayFieldStart("args");
      for (Expr arg : call.args()) {
        write(json, arg);
      }
      json.writeEndArray();
    } else if (expr instanceof Expr.Aggregate aggregate) {
      json.writeStringField("type", "aggregation");
      json.writeStringField("op", aggregate.op().text());
      child(json, "expr", aggregate.expr());
      child(json, "param", aggregate.parameter());
      texts(json, "grouping", aggregate.grouping());
      json.writeBooleanField("without", aggregate.without());
    } else if (expr instanceof Expr.Binary binary) {
      json.writeStringField("type", "binaryExpr");
      json.writeStringField("op", binary.op().text());
      child(json, "lhs", binary.left());
      child(json, "rhs", binary.right());
      json.writeBooleanField("bool", binary.bool());
      matching(json, binary.matching());
    } else {
      throw new AssertionError("BUG: an expression of no known type: " + expr.getClass());
    }
    json.writeEndObject();
  }

  private static void child(JsonGenerator json, String field, @Nullable Expr expr)
      throws IOException {
    if (expr == null) {
      json.writeNullField(field);
    } else {
      json.writeFieldName(field);
      write(json, expr);
    }
  }

  private static void selector(JsonGenerator json, Expr.VectorSelector vector) throws IOException {
    json.writeStringField("name", vector.name());
    json.writeArrayFieldStart("matchers");
    for (LabelMatcher matcher : vector.matchers()) {
      json.writeStartObject();
      json.writeStringField("name", matcher.name());
      json.writeStringField("type", matcher.op().text());
      json.writeStringField("value", matcher.value());
      json.writeEndObject();
    }
    json.writeEndArray();
    shift(json, vector.shift());
  }

  private static void shift(JsonGenerator json, Expr.Shift shift) throws IOException {
    json.writeNumberField("offset", shift.offsetMillis());
    Expr.At at = shift.at();
    if (at == null || at.anchor() != Expr.Anchor.TIME) {
      json.writeNullField("timestamp");
    } else {
      json.writeNumberField("timestamp", at.millis());
    }
    if (at == null || at.anchor() == Expr.Anchor.TIME) {
      json.writeNullField("startOrEnd");
    } else {
      json.writeStringField("startOrEnd", at.anchor().name().toLowerCase(Locale.ROOT));
    }
  }

  private static void function(JsonGenerator json, Function function) throws IOException {
    json.writeObjectFieldStart("func");
    json.writeStringField("name", function.name());
    json.writeArrayFieldStart("argTypes");
    for (ValueType type : function.takes()) {
      json.writeString(type.text());
    }
    json.writeEndArray();
    json.writeNumberField("variadic", function.optional());
    json.writeStringField("returnType", function.returns().text());
    json.writeEndObject();
  }

  private static void matching(JsonGenerator json, Expr.@Nullable Matching matching)
      throws IOException {
    if (matching == null) {
      json.writeNullField("matching");
      return;
    }
    json.writeObjectFieldStart("matching");
    json.writeStringField(
        "card", matching.cardinality().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    texts(json, "labels", matching.labels());
    json.writeBooleanField("on", matching.on());
    texts(json, "include", matching.include());
    json.writeEndObject();
  }

  private static void texts(JsonGenerator json, String field, List<String> texts)
      throws IOException {
    json.writeFieldName(field);
    Json.texts(json, texts);
  }
}
