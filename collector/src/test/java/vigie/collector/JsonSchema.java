package vigie.collector;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Validates by the words of JSON Schema (2020-12) that docs/schemas uses, and refuses a schema with
 * any other: type, properties, required, additionalProperties, items, enum, const, pattern,
 * minimum, oneOf, $ref within the file, format date-time.
 */
final class JsonSchema {
  private static final Set<String> KNOWN =
      Set.of(
          "$schema",
          "$id",
          "$defs",
          "$ref",
          "title",
          "description",
          "type",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "enum",
          "const",
          "pattern",
          "minimum",
          "oneOf",
          "format");

  private final JsonNode root;
  private final List<String> faults = new ArrayList<>();

  private JsonSchema(JsonNode root) {
    this.root = root;
  }

  /** What is wrong with the value, each with its path; nothing where it is as the schema says. */
  static List<String> faults(Path schema, JsonNode value) throws IOException {
    JsonSchema check = new JsonSchema(new ObjectMapper().readTree(schema.toFile()));
    check.check(check.root, value, "$", check.faults);
    return check.faults;
  }

  private void check(JsonNode schema, JsonNode value, String at, List<String> faults) {
    schema
        .fieldNames()
        .forEachRemaining(
            word -> {
              if (!KNOWN.contains(word)) {
                throw new AssertionError("the validator does not know \"" + word + "\"");
              }
            });
    if (schema.has("$ref")) {
      String ref = schema.path("$ref").asText();
      JsonNode target = root.at(ref.substring(1));
      if (target.isMissingNode()) {
        throw new AssertionError(ref + " leads nowhere");
      }
      check(target, value, at, faults);
    }
    if (schema.has("type") && !types(schema.path("type")).contains(typeOf(value))) {
      boolean whole = types(schema.path("type")).contains("number") && value.isIntegralNumber();
      if (!whole) {
        faults.add(at + " is " + typeOf(value) + ", not " + schema.path("type"));
        return;
      }
    }
    if (schema.has("const") && !schema.path("const").equals(value)) {
      faults.add(at + " is not " + schema.path("const"));
    }
    if (schema.has("enum") && !contains(schema.path("enum"), value)) {
      faults.add(at + " = " + value + " is none of " + schema.path("enum"));
    }
    if (value.isTextual()) {
      checkText(schema, value.asText(), at, faults);
    }
    if (schema.has("minimum") && value.isNumber()) {
      if (value.asDouble() < schema.path("minimum").asDouble()) {
        faults.add(at + " = " + value + " is below " + schema.path("minimum"));
      }
    }
    if (schema.has("oneOf")) {
      long fits = 0;
      for (JsonNode each : schema.path("oneOf")) {
        List<String> own = new ArrayList<>();
        check(each, value, at, own);
        fits += own.isEmpty() ? 1 : 0;
      }
      if (fits != 1) {
        faults.add(at + " fits " + fits + " of oneOf");
      }
    }
    if (value.isObject()) {
      checkObject(schema, value, at, faults);
    } else if (value.isArray() && schema.has("items")) {
      for (int i = 0; i < value.size(); i++) {
        check(schema.path("items"), value.path(i), at + "[" + i + "]", faults);
      }
    }
  }

  private static void checkText(JsonNode schema, String text, String at, List<String> faults) {
    if (schema.has("pattern") && !text.matches(".*(" + schema.path("pattern").asText() + ").*")) {
      faults.add(at + " = \"" + text + "\" does not match " + schema.path("pattern"));
    }
    if (schema.path("format").asText().equals("date-time")) {
      try {
        Instant.parse(text);
      } catch (DateTimeParseException e) {
        faults.add(at + " = \"" + text + "\" is no date-time");
      }
    }
  }

  private void checkObject(JsonNode schema, JsonNode value, String at, List<String> faults) {
    for (JsonNode name : schema.path("required")) {
      if (!value.has(name.asText())) {
        faults.add(at + "." + name.asText() + " is missing");
      }
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      String inner = at + "." + field.getKey();
      JsonNode known = schema.path("properties").path(field.getKey());
      JsonNode others = schema.path("additionalProperties");
      if (!known.isMissingNode()) {
        check(known, field.getValue(), inner, faults);
      } else if (others.isObject()) {
        check(others, field.getValue(), inner, faults);
      } else if (others.isBoolean() && !others.asBoolean()) {
        faults.add(inner + " is not in the schema");
      }
    }
  }

  private static List<String> types(JsonNode type) {
    List<String> all = new ArrayList<>();
    if (type.isTextual()) {
      all.add(type.asText());
    }
    type.forEach(each -> all.add(each.asText()));
    return all;
  }

  private static String typeOf(JsonNode value) {
    return switch (value.getNodeType()) {
      case OBJECT, POJO -> "object";
      case ARRAY -> "array";
      case STRING, BINARY -> "string";
      case BOOLEAN -> "boolean";
      case NULL, MISSING -> "null";
      case NUMBER -> value.isIntegralNumber() ? "integer" : "number";
    };
  }

  private static boolean contains(JsonNode values, JsonNode value) {
    for (JsonNode each : values) {
      if (each.equals(value)) {
        return true;
      }
    }
    return false;
  }
}
