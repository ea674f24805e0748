package vigie.collector.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vigie.collector.testing.FakeDiscord.Answer;

/** What Discord refuses of a message, and whom a message pings. */
public final class FakeDiscordRules {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern MENTION = Pattern.compile("<@(!?|&)([0-9]+)>|@(everyone|here)");
  private static final Set<String> PARSE = Set.of("roles", "users", "everyone");
  private static final int MOST_TOTAL = 6000;

  private final ObjectNode errors = MAPPER.createObjectNode();
  private int total;

  private FakeDiscordRules() {}

  /** The body as JSON; missing where it is none. */
  static JsonNode parse(HttpExchange exchange, String body) {
    String type = String.valueOf(exchange.getRequestHeaders().getFirst("Content-Type"));
    try {
      return type.startsWith("application/json")
          ? MAPPER.readTree(body)
          : type.startsWith("multipart/form-data")
              ? multipart(type, body)
              : MissingNode.getInstance();
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /** The part payload_json, in any place, if each attachment that it names has its file. */
  private static JsonNode multipart(String type, String body) throws JsonProcessingException {
    String boundary = "--" + type.replaceFirst(".*boundary=", "").replace("\"", "");
    JsonNode message = MissingNode.getInstance();
    Set<String> files = new TreeSet<>();
    for (String part : body.split(Pattern.quote(boundary), -1)) {
      int end = part.indexOf("\r\n\r\n");
      String head = end < 0 ? "" : part.substring(0, end);
      if (head.contains("name=\"payload_json\"")) {
        message = MAPPER.readTree(part.substring(end));
      } else if (head.contains("filename=")) {
        files.add(head.replaceFirst("(?s).*name=\"files\\[([0-9]+)\\]\".*", "$1"));
      }
    }
    Set<String> named = new TreeSet<>();
    message.path("attachments").forEach(each -> named.add(each.path("id").asText()));
    return named.equals(files) ? message : MissingNode.getInstance();
  }

  /** The refusal, or null where Discord takes the message. */
  public static FakeDiscord.@Nullable Answer refuse(JsonNode sent, boolean create) {
    if (!sent.isObject()) {
      return Answer.error(400, 50109, "The request body contains invalid JSON.");
    }
    FakeDiscordRules rules = new FakeDiscordRules();
    rules.message(sent);
    if (!rules.errors.isEmpty()) {
      ObjectNode body = MAPPER.createObjectNode();
      body.put("message", "Invalid Form Body").put("code", 50035).set("errors", rules.errors);
      return Answer.of(400, body);
    }
    return create && isEmpty(sent)
        ? Answer.error(400, 50006, "Cannot send an empty message")
        : null;
  }

  static boolean isEmpty(JsonNode message) {
    return message.path("content").asText().isBlank() && message.path("embeds").isEmpty();
  }

  private void message(JsonNode sent) {
    length(sent, "content", 2000, "content");
    length(sent, "username", 80, "username");
    JsonNode embeds = sent.path("embeds");
    if (!embeds.isMissingNode() && !embeds.isArray()) {
      error("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType", "embeds");
    }
    if (embeds.size() > 10) {
      error("BASE_TYPE_BAD_LENGTH", "Must be between 0 and 10 in length.", "embeds");
    }
    for (int i = 0; i < embeds.size(); i++) {
      embed(embeds.get(i), i);
    }
    if (total > MOST_TOTAL) {
      error("MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000", "embeds");
    }
    mentions(sent.path("allowed_mentions"));
  }

  private void embed(JsonNode embed, int index) {
    String at = "embeds." + index + ".";
    total += length(embed, "title", 256, at + "title");
    total += length(embed, "description", 4096, at + "description");
    total += length(embed.path("footer"), "text", 2048, at + "footer.text");
    total += length(embed.path("author"), "name", 256, at + "author.name");
    JsonNode fields = embed.path("fields");
    if (fields.size() > 25) {
      error("BASE_TYPE_BAD_LENGTH", "Must be between 0 and 25 in length.", at + "fields");
    }
    for (int i = 0; i < fields.size(); i++) {
      for (String part : List.of("name", "value")) {
        String path = at + "fields." + i + "." + part;
        int length = length(fields.get(i), part, part.equals("name") ? 256 : 1024, path);
        total += length;
        if (length == 0) {
          error("BASE_TYPE_REQUIRED", "This field is required", path);
        }
      }
    }
    if (embed.has("color") && (!embed.get("color").isInt() || embed.get("color").asInt() < 0)) {
      error("NUMBER_TYPE_COERCE", "Value is not int.", at + "color");
    }
    if (embed.has("timestamp") && !isTime(embed.get("timestamp").asText())) {
      error("DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601.", at + "timestamp");
    }
  }

  private int length(JsonNode node, String field, int most, String path) {
    JsonNode value = node.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return 0;
    }
    if (!value.isTextual()) {
      error("STRING_TYPE_CONVERT", "Could not interpret as string.", path);
      return 0;
    }
    String text = value.textValue().strip();
    int length = text.codePointCount(0, text.length());
    if (length > most) {
      error("BASE_TYPE_MAX_LENGTH", "Must be " + most + " or fewer in length.", path);
    }
    return length;
  }

  private static boolean isTime(String text) {
    try {
      OffsetDateTime.parse(text);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }

  private void mentions(JsonNode allowed) {
    for (JsonNode parse : allowed.path("parse")) {
      if (!PARSE.contains(parse.asText())) {
        error(
            "BASE_TYPE_CHOICES", "Value must be one of roles, users, everyone", "allowed_mentions");
      }
      if (allowed.path(parse.asText()).size() > 0) {
        error(
            "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
            "parse excludes the list",
            "allowed_mentions");
      }
    }
  }

  private void error(String code, String message, String path) {
    ObjectNode at = errors;
    for (String part : path.split("\\.", -1)) {
      at = at.withObjectProperty(part);
    }
    at.withArrayProperty("_errors").addObject().put("code", code).put("message", message);
  }

  /** Whom the content pings; embeds never ping. A webhook without allowed_mentions pings users. */
  public static Set<String> pings(JsonNode sent) {
    Set<String> pinged = new TreeSet<>();
    JsonNode allowed = sent.path("allowed_mentions");
    Set<String> parse = new TreeSet<>();
    if (allowed.isMissingNode()) {
      parse.add("users");
    }
    allowed.path("parse").forEach(each -> parse.add(each.asText()));
    Set<String> listed = new TreeSet<>();
    allowed.path("users").forEach(each -> listed.add(each.asText()));
    allowed.path("roles").forEach(each -> listed.add(each.asText()));
    Matcher mention = MENTION.matcher(sent.path("content").asText());
    while (mention.find()) {
      String id = mention.group(2);
      String kind = id == null ? "everyone" : mention.group(1).equals("&") ? "roles" : "users";
      if (parse.contains(kind) || (id != null && listed.contains(id))) {
        pinged.add(id == null ? "everyone" : id);
      }
    }
    return pinged;
  }
}
