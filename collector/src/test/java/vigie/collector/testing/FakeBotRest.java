package vigie.collector.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.collector.testing.FakeDiscord.Answer;

/**
 * A bot's endpoints of the {@link FakeDiscord}, whose messages, faults and limits it shares: one
 * guild with one text channel, its messages and threads, slash commands, and the answers to
 * interactions. Guarded by the lock of the fake.
 */
public final class FakeBotRest {
  public static final String APPLICATION = "77";
  public static final String GUILD = "43";
  public static final String CHANNEL = "42";

  /** How long a nonce is remembered; Discord says "the past few minutes". */
  private static final Duration NONCE_WINDOW = Duration.ofMinutes(3);

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Pattern API = Pattern.compile("/api/v10(/.*)");
  private static final Pattern FILE = Pattern.compile("filename=\"([^\"]+)\"");

  /** What is served: a name, a method, a path. */
  private enum Route {
    SELF("GET", "/users/@me"),
    CREATE("POST", "/channels/([0-9]+)/messages"),
    READ("GET", "/channels/([0-9]+)/messages/([0-9]+)"),
    EDIT("PATCH", "/channels/([0-9]+)/messages/([0-9]+)"),
    DELETE("DELETE", "/channels/([0-9]+)/messages/([0-9]+)"),
    THREAD("POST", "/channels/([0-9]+)/messages/([0-9]+)/threads"),
    CHANNEL("PATCH", "/channels/([0-9]+)"),
    CALLBACK("POST", "/interactions/([0-9]+)/([^/]+)/callback"),
    EDIT_ANSWER("PATCH", "/webhooks/" + APPLICATION + "/([^/]+)/messages/(@original|[0-9]+)"),
    MORE("POST", "/webhooks/" + APPLICATION + "/([^/]+)"),
    COMMANDS("PUT", "/applications/" + APPLICATION + "/guilds/" + GUILD + "/commands");

    private final String method;
    private final Pattern path;

    Route(String method, String path) {
      this.method = method;
      this.path = Pattern.compile(path);
    }
  }

  /** A request that is for the bot. */
  record Call(Enum<?> route, List<String> parts, String bucket) {}

  /**
   * What became of an interaction.
   *
   * @param callbacks the types of its first answers that were taken: at most one
   * @param refused how many more first answers came
   * @param answers the texts of what was said after that, in order, each as it stands
   * @param ephemeral whether all of it was for the member alone
   * @param files names of what was attached
   */
  public record Interaction(
      String id,
      String token,
      Instant at,
      List<Integer> callbacks,
      int refused,
      List<String> answers,
      boolean ephemeral,
      List<String> files) {}

  private final FakeDiscord fake;
  private final Clock clock;
  private final String token;
  private final Map<String, Interaction> interactions = new LinkedHashMap<>();
  private final Map<String, String> threads = new LinkedHashMap<>();
  private final Map<String, String> nonces = new HashMap<>();
  private final Map<String, Long> nonceAt = new HashMap<>();
  private final List<String> commands = new ArrayList<>();
  private int nonceHits;
  private int lastInteraction;
  private boolean expired;
  private boolean gone;
  private boolean forbidden;

  FakeBotRest(FakeDiscord fake, Clock clock, String token) {
    this.fake = fake;
    this.clock = clock;
    this.token = token;
  }

  String token() {
    return token;
  }

  /** What a bot would be configured with. */
  public String apiUrl() {
    return "http://127.0.0.1:" + fake.port() + "/api/v10";
  }

  /** From now on first answers come too late for Discord. */
  public void expireInteractions(boolean on) {
    synchronized (fake) {
      expired = on;
    }
  }

  /** Deletes the channel, or brings it back. */
  public void channelGone(boolean on) {
    synchronized (fake) {
      gone = on;
    }
  }

  /** Takes the permissions in the channel, or gives them back. */
  public void forbidden(boolean on) {
    synchronized (fake) {
      forbidden = on;
    }
  }

  /** Names of threads by their id, which is that of the message that they hang on. */
  public Map<String, String> threads() {
    synchronized (fake) {
      return Map.copyOf(threads);
    }
  }

  /** Names of the guild's slash commands as they were put last. */
  public List<String> commands() {
    synchronized (fake) {
      return List.copyOf(commands);
    }
  }

  /** How many creations were answered with the message of the same nonce. */
  public int nonceHits() {
    synchronized (fake) {
      return nonceHits;
    }
  }

  public Interaction interaction(String id) {
    synchronized (fake) {
      return interactions.get(id);
    }
  }

  /** The messages of the channel, or of a thread by its id. */
  public List<FakeDiscord.Message> messages(String channel) {
    return fake.messages().stream()
        .filter(m -> m.body().path("channel_id").asText().equals(channel))
        .toList();
  }

  /** Puts a message of the bot with one button into the channel, as if it were a card. */
  public FakeDiscord.Message post(String customId) {
    ObjectNode sent = MAPPER.createObjectNode().put("content", "a card");
    ObjectNode row = sent.putArray("components").addObject().put("type", 1);
    row.putArray("components")
        .addObject()
        .put("type", 2)
        .put("style", 1)
        .put("label", "Acknowledge")
        .put("custom_id", customId);
    String id = String.valueOf(fake.store(CHANNEL, self(), sent, true).created());
    return messages(CHANNEL).stream().filter(m -> m.id().equals(id)).findFirst().orElseThrow();
  }

  /** A click or a command begins; its id is a current snowflake, as JDA's expiry needs. */
  Interaction begin() {
    synchronized (fake) {
      String id = fake.nextId();
      Interaction made =
          new Interaction(
              id,
              "aW50-" + token.hashCode() + "-sEcReT-interaction-" + ++lastInteraction,
              clock.now(),
              List.of(),
              0,
              List.of(),
              true,
              List.of());
      interactions.put(id, made);
      return made;
    }
  }

  /** Null where the request is not for a bot. */
  @Nullable Call call(String method, String path) {
    Matcher api = API.matcher(path);
    if (!api.matches()) {
      return null;
    }
    for (Route route : Route.values()) {
      Matcher at = route.path.matcher(api.group(1));
      if (route.method.equals(method) && at.matches()) {
        List<String> parts = new ArrayList<>();
        for (int i = 1; i <= at.groupCount(); i++) {
          parts.add(at.group(i));
        }
        return new Call(route, parts, "bot " + route);
      }
    }
    return null;
  }

  /** Whether the limits of channels do not hold for it. */
  static boolean isUnlimited(Call call) {
    return Set.of(Route.CALLBACK, Route.EDIT_ANSWER, Route.MORE, Route.SELF, Route.COMMANDS)
        .contains(call.route());
  }

  Answer answer(HttpExchange exchange, Call call, String body) {
    Route route = (Route) call.route();
    boolean byToken = Set.of(Route.CALLBACK, Route.EDIT_ANSWER, Route.MORE).contains(route);
    String given = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    if (!byToken && !given.equals("Bot " + token)) {
      return Answer.error(401, 0, "401: Unauthorized");
    }
    JsonNode sent = FakeDiscordRules.parse(exchange, body);
    if (List.of(Route.CREATE, Route.READ, Route.EDIT, Route.DELETE, Route.THREAD).contains(route)) {
      Answer refused = channel(call.parts().get(0));
      if (refused != null) {
        return refused;
      }
    }
    return switch (route) {
      case SELF -> Answer.of(200, self());
      case CREATE -> create(call.parts().get(0), sent);
      case READ, EDIT, DELETE -> message(route, call.parts(), sent);
      case THREAD -> thread(call.parts().get(1), sent);
      case CHANNEL -> Answer.of(200, MAPPER.createObjectNode().put("id", call.parts().get(0)));
      case CALLBACK -> callback(call.parts().get(0), call.parts().get(1), sent);
      case EDIT_ANSWER ->
          say(call.parts().get(0), call.parts().get(1).equals("@original"), sent, body);
      case MORE -> say(call.parts().get(0), false, sent, body);
      case COMMANDS -> commands(sent);
    };
  }

  private @Nullable Answer channel(String id) {
    if (gone || !(id.equals(CHANNEL) || threads.containsKey(id))) {
      return Answer.error(404, 10003, "Unknown Channel");
    }
    return forbidden ? Answer.error(403, 50013, "Missing Permissions") : null;
  }

  static ObjectNode self() {
    return MAPPER
        .createObjectNode()
        .put("id", APPLICATION)
        .put("username", "vigie")
        .put("discriminator", "0")
        .put("global_name", "Vigie")
        .put("bot", true)
        .putNull("avatar");
  }

  private Answer create(String channel, JsonNode sent) {
    Answer refused = refuse(sent, true);
    if (refused != null) {
      return refused;
    }
    String nonce = sent.path("nonce").asText();
    if (nonce.length() > 25) {
      return Answer.error(400, 50035, "Invalid Form Body");
    }
    String reference = sent.path("message_reference").path("message_id").asText();
    if (!reference.isEmpty()
        && !fake.isThere(reference)
        && sent.path("message_reference").path("fail_if_not_exists").asBoolean(true)) {
      return Answer.error(400, 50035, "Invalid Form Body");
    }
    if (!nonce.isEmpty() && sent.path("enforce_nonce").asBoolean()) {
      String before = nonces.get(nonce);
      Long at = nonceAt.get(nonce);
      if (before != null && at != null && clock.nanos() - at < NONCE_WINDOW.toNanos()) {
        nonceHits++;
        return fake.read(before);
      }
    }
    Answer made = fake.store(channel, self(), sent, true);
    if (!nonce.isEmpty() && made.created() != null) {
      nonces.put(nonce, made.created());
      nonceAt.put(nonce, clock.nanos());
    }
    return made;
  }

  private @Nullable Answer refuse(JsonNode sent, boolean create) {
    Answer refused = FakeDiscordRules.refuse(sent, create);
    if (refused != null) {
      return refused;
    }
    Set<String> seen = new HashSet<>();
    for (JsonNode row : sent.path("components")) {
      for (JsonNode button : row.path("components")) {
        String customId = button.path("custom_id").asText();
        int label = button.path("label").asText().length();
        if (customId.isEmpty()
            || customId.length() > 100
            || !seen.add(customId)
            || label > 80
            || row.path("components").size() > 5
            || button.path("type").asInt() != 2
            || !button.has("style")) {
          return Answer.error(400, 50035, "Invalid Form Body");
        }
      }
    }
    return null;
  }

  private Answer message(Route route, List<String> parts, JsonNode sent) {
    String channel = parts.get(0);
    String id = parts.get(1);
    boolean there = messages(channel).stream().anyMatch(m -> m.id().equals(id) && !m.deleted());
    if (!there) {
      return Answer.error(404, 10008, "Unknown Message");
    }
    if (route == Route.READ) {
      return fake.read(id);
    }
    if (route == Route.DELETE) {
      fake.delete(id);
      return new Answer(204, null, Map.of(), "");
    }
    Answer refused = refuse(sent, false);
    return refused == null ? fake.edit(id, sent) : refused;
  }

  private Answer thread(String message, JsonNode sent) {
    String name = sent.path("name").asText();
    if (name.isBlank() || name.length() > 100) {
      return Answer.error(400, 50035, "Invalid Form Body");
    }
    if (!fake.isThere(message)) {
      return Answer.error(404, 10008, "Unknown Message");
    }
    if (threads.putIfAbsent(message, name) != null) {
      return Answer.error(400, 160004, "A thread has already been created for this message");
    }
    ObjectNode thread = MAPPER.createObjectNode().put("id", message).put("type", 11);
    thread.put("guild_id", GUILD).put("parent_id", CHANNEL).put("owner_id", APPLICATION);
    thread.put("name", name).put("message_count", 0).put("member_count", 1);
    thread
        .putObject("thread_metadata")
        .put("auto_archive_duration", 1440)
        .put("archive_timestamp", clock.now().toString())
        .put("archived", false)
        .put("locked", false);
    return Answer.of(201, thread);
  }

  private Answer callback(String id, String given, JsonNode sent) {
    Interaction there = interactions.get(id);
    if (expired || there == null || !there.token.equals(given)) {
      return Answer.error(404, 10062, "Unknown interaction");
    }
    int type = sent.path("type").asInt();
    if (!there.callbacks.isEmpty()) {
      interactions.put(id, with(there, there.callbacks, 1, there.answers, true, there.files));
      return Answer.error(400, 40060, "Interaction has already been acknowledged.");
    }
    JsonNode data = sent.path("data");
    boolean ephemeral = type == 6 || (data.path("flags").asInt() & 64) != 0;
    List<String> answers = type == 4 ? List.of(text(data)) : List.of();
    interactions.put(id, with(there, List.of(type), 0, answers, ephemeral, List.of()));
    return new Answer(204, null, Map.of("Via", "1.1 google"), "");
  }

  private Answer say(String given, boolean original, JsonNode sent, String body) {
    Interaction there =
        interactions.values().stream().filter(i -> i.token.equals(given)).findFirst().orElse(null);
    if (expired || there == null || there.callbacks.isEmpty()) {
      return Answer.error(404, 10015, "Unknown Webhook");
    }
    Answer refused = FakeDiscordRules.refuse(sent, false);
    if (refused != null) {
      return refused;
    }
    boolean first = there.callbacks.get(0) == 5 && (original || there.answers.isEmpty());
    List<String> answers = new ArrayList<>(original ? List.of() : there.answers);
    answers.add(text(sent));
    List<String> files = new ArrayList<>(there.files);
    Matcher file = FILE.matcher(body);
    while (file.find()) {
      files.add(file.group(1));
    }
    boolean ephemeral = first || (sent.path("flags").asInt() & 64) != 0;
    interactions.put(there.id, with(there, there.callbacks, 0, answers, ephemeral, files));
    return Answer.of(200, answer(sent));
  }

  private static String text(JsonNode message) {
    StringBuilder text = new StringBuilder(message.path("content").asText());
    for (JsonNode embed : message.path("embeds")) {
      text.append(embed.path("title").asText()).append(embed.path("description").asText());
    }
    return text.toString();
  }

  private ObjectNode answer(JsonNode sent) {
    ObjectNode message = MAPPER.createObjectNode();
    message.put("id", fake.nextId()).put("channel_id", CHANNEL).put("type", 0);
    message.put("content", sent.path("content").asText());
    message.set("author", self());
    message.put("timestamp", clock.now().toString()).putNull("edited_timestamp");
    for (String list : List.of("mentions", "mention_roles", "attachments", "embeds")) {
      message.putArray(list);
    }
    return message.put("flags", 64).put("pinned", false).put("mention_everyone", false);
  }

  private static Interaction with(
      Interaction i,
      List<Integer> callbacks,
      int refused,
      List<String> answers,
      boolean ephemeral,
      List<String> files) {
    return new Interaction(
        i.id,
        i.token,
        i.at,
        callbacks,
        i.refused + refused,
        List.copyOf(answers),
        i.ephemeral && ephemeral,
        List.copyOf(files));
  }

  private Answer commands(JsonNode sent) {
    commands.clear();
    ArrayNode all = MAPPER.createArrayNode();
    long id = 900;
    for (JsonNode command : sent) {
      String name = command.path("name").asText();
      String description = command.path("description").asText();
      if (!name.matches("[-_a-z0-9]{1,32}")
          || description.isEmpty()
          || description.length() > 100
          || command.path("options").size() > 25) {
        return Answer.error(400, 50035, "Invalid Form Body");
      }
      commands.add(name);
      ObjectNode made = command.deepCopy();
      made.put("id", String.valueOf(++id)).put("application_id", APPLICATION);
      all.add(made.put("version", "1").put("guild_id", GUILD).put("type", 1));
    }
    return Answer.of(200, all);
  }
}
