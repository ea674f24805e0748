package vigie.collector.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vigie.base.time.Clock;
import vigie.collector.dispatch.Matchers;
import vigie.collector.label.LabelMatcher;

/** {@code collector silences list | add | expire}. */
@Command(
    name = "silences",
    description = "Alerts that are held back for a time.",
    subcommands = {
      SilencesCommand.ListSilences.class,
      SilencesCommand.Add.class,
      SilencesCommand.Expire.class
    })
final class SilencesCommand {
  private static final String PATH = "/api/v2/silences";
  private static final int SHORT_ID = 8;

  /** The states a person may name. */
  enum State {
    active,
    pending,
    expired,
    all
  }

  @Command(
      name = "list",
      description =
          "List silences, what ends first on top. Without --state: active and pending ones.",
      footer = {
        "",
        "Examples:",
        "  collector silences list",
        "  collector silences list -l node=p1 --state all -o wide",
        "  collector silences list -o json"
      })
  static final class ListSilences implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description = "active, pending, expired or all; may be given several times")
    List<State> states = new ArrayList<>();

    @Override
    public Integer call() {
      List<State> wanted = states.isEmpty() ? List.of(State.active, State.pending) : states;
      List<String> header =
          new ArrayList<>(List.of("ID", "STATE", "MATCHERS", "ENDS", "BY", "REASON"));
      if (read.wide()) {
        header.addAll(List.of("STARTS", "ENDS WITH", "ENDED BY"));
      }
      Table table = new Table(header);
      ArrayNode kept = JsonNodeFactory.instance.arrayNode();
      for (JsonNode silence :
          read.client().get(PATH, new Client.Parameters().addAll("filter", read.matchers))) {
        String state = silence.path("status").path("state").asText();
        if (wanted.contains(State.all) || wanted.contains(State.valueOf(state))) {
          kept.add(silence);
          table.add(row(silence, state));
        }
      }
      read.print(table, kept, "no silences");
      return 0;
    }

    private List<String> row(JsonNode silence, String state) {
      String id = silence.path("id").asText();
      List<String> row = new ArrayList<>();
      row.add(read.wide() || id.length() < SHORT_ID ? id : id.substring(0, SHORT_ID));
      row.add(state);
      row.add(matchers(silence));
      row.add(Times.full(silence.path("endsAt").asText()));
      row.add(orDash(silence.path("createdBy").asText()));
      row.add(orDash(silence.path("comment").asText()));
      if (read.wide()) {
        String node = silence.path("untilBack").asText();
        row.add(Times.full(silence.path("startsAt").asText()));
        row.add(node.isEmpty() ? "time" : "time, or " + node + " back");
        row.add(orDash(silence.path("ended").asText()));
      }
      return row;
    }
  }

  @Command(
      name = "add",
      description = {
        "Hold alerts back that match all matchers.",
        "With one matcher that names a node it ends early: a minute after the node is heard again,"
            + " once it was away."
      },
      footer = {
        "",
        "Examples:",
        "  collector silences add node=p1 --for 2h --reason 'clusterhat off'",
        "  collector silences add alertname=DiskFills 'mountpoint=~/srv.*' --until 18:00 --reason 'copying'",
        "  collector silences add node=p1 --for 1h --no-until-back --reason 'several reboots'"
      })
  static final class Add implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Parameters(
        paramLabel = "MATCHER",
        arity = "1..*",
        description = "such as node=p1, severity!=critical or mountpoint=~\"/srv.*\"")
    List<String> matchers = new ArrayList<>();

    @Option(names = "--for", paramLabel = "DURATION", description = "how long, such as 2h")
    String duration = "";

    @Option(
        names = "--until",
        paramLabel = "TIME",
        description = "until when: 18:00, 2026-11-21T18:00 or 2026-11-21T18:00:00Z")
    String until = "";

    @Option(
        names = {"--reason", "--comment"},
        paramLabel = "TEXT",
        description = "why, for whoever wonders")
    String reason = "";

    @Option(names = "--author", paramLabel = "NAME", description = "who (default: the user's name)")
    String author = System.getProperty("user.name", "");

    @Option(
        names = "--until-back",
        negatable = true,
        description = "end when the node is back (default where a node is all that is matched)")
    @Nullable Boolean untilBack;

    @Override
    public Integer call() {
      List<LabelMatcher> all = new ArrayList<>();
      matchers.forEach(text -> all.addAll(parsed(text)));
      read.matchers.forEach(text -> all.addAll(parsed(text)));
      if (reason.isBlank()) {
        throw new CliException(2, "say why, for whoever wonders: --reason 'clusterhat off'");
      }
      ObjectNode silence = JsonNodeFactory.instance.objectNode();
      Instant now = Clock.system().now();
      Instant end = end(now);
      ArrayNode list = silence.putArray("matchers");
      all.forEach(matcher -> list.add(json(matcher)));
      String node = node(all);
      silence
          .put("startsAt", now.toString())
          .put("endsAt", end.toString())
          .put("createdBy", author)
          .put("comment", reason)
          .put("untilBack", node);
      Client client = read.client();
      byte[] body = silence.toString().getBytes(StandardCharsets.UTF_8);
      String id = client.post(PATH, "application/json", body).path("silenceID").asText();
      JsonNode made = client.get("/api/v2/silence/" + id, new Client.Parameters());
      if (!read.printData(made)) {
        read.out()
            .println(
                "silence "
                    + id
                    + ": "
                    + matchers(made)
                    + " until "
                    + Times.withZone(made.path("endsAt").asText())
                    + (node.isEmpty() ? "" : ", or until " + node + " is back"));
        read.out().flush();
      }
      return 0;
    }

    private Instant end(Instant now) {
      if (duration.isEmpty() == until.isEmpty()) {
        throw new CliException(2, "say how long: either --for 2h or --until 18:00");
      }
      return duration.isEmpty() ? time(until, now) : now.plus(AlertsCommand.duration(duration));
    }

    /** The node whose return ends it; {@code ""} for none. */
    private String node(List<LabelMatcher> all) {
      List<String> nodes =
          all.stream()
              .filter(each -> each.name().equals("node") && each.op() == LabelMatcher.Op.EQUAL)
              .map(LabelMatcher::value)
              .toList();
      boolean wanted = untilBack == null ? nodes.size() == 1 && all.size() == 1 : untilBack;
      if (wanted && nodes.size() != 1) {
        throw new CliException(2, "--until-back needs one matcher that names the node: node=p1");
      }
      return wanted ? nodes.get(0) : "";
    }
  }

  @Command(
      name = "expire",
      description = "End silences now.",
      footer = {
        "",
        "Examples:",
        "  collector silences expire 5f2ac0de   (the first digits of an id of silences list)",
        "  collector silences expire -l node=p1"
      })
  static final class Expire implements Callable<Integer> {
    @Mixin ReadOptions read = new ReadOptions();

    @Parameters(paramLabel = "ID", arity = "0..*", description = "ids, or their first digits")
    List<String> ids = new ArrayList<>();

    @Option(names = "--author", paramLabel = "NAME", description = "who (default: the user's name)")
    String author = System.getProperty("user.name", "");

    @Override
    public Integer call() {
      if (ids.isEmpty() && read.matchers.isEmpty()) {
        throw new CliException(
            2, "say which: an id of collector silences list, or -l with what they match");
      }
      Client client = read.client();
      List<JsonNode> going = new ArrayList<>();
      for (JsonNode silence :
          client.get(PATH, new Client.Parameters().addAll("filter", read.matchers))) {
        if (!silence.path("status").path("state").asText().equals("expired")) {
          going.add(silence);
        }
      }
      List<JsonNode> chosen = new ArrayList<>();
      if (ids.isEmpty()) {
        chosen.addAll(going);
      }
      for (String id : ids) {
        chosen.add(one(going, id));
      }
      if (chosen.isEmpty()) {
        throw new CliException(1, "no silence that is not over matches");
      }
      ArrayNode ended = JsonNodeFactory.instance.arrayNode();
      for (JsonNode silence : chosen) {
        String id = silence.path("id").asText();
        client.delete("/api/v2/silence/" + id, new Client.Parameters().add("by", author));
        ended.add(client.get("/api/v2/silence/" + id, new Client.Parameters()));
      }
      if (!read.printData(ended)) {
        ended.forEach(
            silence ->
                read.out()
                    .println(
                        "silence " + silence.path("id").asText() + " ended: " + matchers(silence)));
        read.out().flush();
      }
      return 0;
    }

    private static JsonNode one(List<JsonNode> going, String id) {
      List<JsonNode> found =
          going.stream().filter(each -> each.path("id").asText().startsWith(id)).toList();
      if (found.size() != 1) {
        throw new CliException(
            1,
            found.isEmpty()
                ? "no silence that is not over has the id " + id + "; see collector silences list"
                : found.size() + " silences have ids that begin with " + id + "; give more of it");
      }
      return found.get(0);
    }
  }

  private static List<LabelMatcher> parsed(String text) {
    try {
      return Matchers.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CliException(2, String.valueOf(e.getMessage()));
    }
  }

  private static ObjectNode json(LabelMatcher matcher) {
    LabelMatcher.Op op = matcher.op();
    return JsonNodeFactory.instance
        .objectNode()
        .put("name", matcher.name())
        .put("value", matcher.value())
        .put("isRegex", op == LabelMatcher.Op.REGEX || op == LabelMatcher.Op.NOT_REGEX)
        .put("isEqual", op == LabelMatcher.Op.REGEX || op == LabelMatcher.Op.EQUAL);
  }

  /** As a person would write them. */
  private static String matchers(JsonNode silence) {
    StringJoiner all = new StringJoiner(", ");
    for (JsonNode matcher : silence.path("matchers")) {
      boolean equal = matcher.path("isEqual").asBoolean(true);
      boolean regex = matcher.path("isRegex").asBoolean();
      String name = matcher.path("name").asText();
      boolean plain = name.matches("[a-zA-Z_:][a-zA-Z0-9_:]*");
      all.add(
          (plain ? name : '"' + Table.printable(name) + '"')
              + (regex ? equal ? "=~" : "!~" : equal ? "=" : "!=")
              + '"'
              + Table.printable(matcher.path("value").asText())
              + '"');
    }
    return all.toString();
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** A time of today or tomorrow, a local time or one with its zone; always to come. */
  static Instant time(String text, Instant now) {
    ZoneId zone = ZoneId.systemDefault();
    Instant time;
    try {
      if (text.length() <= 8) {
        ZonedDateTime today = now.atZone(zone).with(LocalTime.parse(text));
        time = (today.toInstant().isAfter(now) ? today : today.plusDays(1)).toInstant();
      } else {
        String joined = text.strip().replace(' ', 'T');
        boolean zoned = joined.endsWith("Z") || joined.matches(".*[+-]\\d\\d:?\\d\\d");
        time =
            zoned
                ? OffsetDateTime.parse(joined).toInstant()
                : LocalDateTime.parse(joined).atZone(zone).toInstant();
      }
    } catch (DateTimeException e) {
      throw new CliException(
          2, "\"" + text + "\" is no time; write 18:00, 2026-11-21T18:00 or 2026-11-21T18:00:00Z");
    }
    if (!time.isAfter(now)) {
      throw new CliException(2, "\"" + text + "\" has passed");
    }
    return time;
  }
}
