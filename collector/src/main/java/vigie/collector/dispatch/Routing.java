package vigie.collector.dispatch;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Globs;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.config.Yaml;
import vigie.collector.inhibit.InhibitRule;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * What {@code alertmanager.yml} says: the route tree, receivers, intervals, inhibition. Source:
 * Alertmanager's configuration reference.
 *
 * @param root takes every alert
 * @param receivers by name; holds every one that a route names
 * @param intervals by name; holds every one that a route names
 * @param templates files that {@code templates} names
 * @param resolveTimeout so long an alert that another server posted fires on without being posted
 *     again
 * @param flapping from when on an alert that comes and goes is one card
 */
public record Routing(
    Route root,
    Map<String, Receiver> receivers,
    Map<String, List<TimeInterval>> intervals,
    List<InhibitRule> inhibitRules,
    List<Path> templates,
    Duration resolveTimeout,
    Flap.Limits flapping) {
  /** Where neither routes nor a grouping are given: a card for each alert name and node. */
  private static final Set<String> DEFAULT_GROUP_BY = Set.of("alertname", "node");

  private static final Duration LEAST_INTERVAL = Duration.ofSeconds(1);
  private static final Duration MOST_WAIT = Duration.ofDays(365);
  private static final Duration RESOLVE_TIMEOUT = Duration.ofMinutes(5);

  /** The keys that may stand at the top level, or in a file of their own. */
  private static final List<String> KEYS =
      List.of(
          "route",
          "receivers",
          "inhibit_rules",
          "time_intervals",
          "mute_time_intervals",
          "templates");

  /** Keys of {@code global} that only receivers which are refused could use. */
  private static final List<String> GLOBALS_OF_OTHERS =
      List.of(
          "jira_api_url",
          "mattermost_webhook_url",
          "mattermost_webhook_url_file",
          "opsgenie_api_key",
          "opsgenie_api_key_file",
          "opsgenie_api_url",
          "pagerduty_url",
          "rocketchat_api_url",
          "rocketchat_token",
          "rocketchat_token_file",
          "rocketchat_token_id",
          "rocketchat_token_id_file",
          "slack_api_url",
          "slack_api_url_file",
          "slack_app_token",
          "slack_app_token_file",
          "slack_app_url",
          "smtp_auth_identity",
          "smtp_auth_password",
          "smtp_auth_password_file",
          "smtp_auth_secret",
          "smtp_auth_secret_file",
          "smtp_auth_username",
          "smtp_force_implicit_tls",
          "smtp_from",
          "smtp_hello",
          "smtp_require_tls",
          "smtp_smarthost",
          "smtp_tls_config",
          "telegram_api_url",
          "telegram_bot_token",
          "telegram_bot_token_file",
          "victorops_api_key",
          "victorops_api_key_file",
          "victorops_api_url",
          "webex_api_url",
          "wechat_api_corp_id",
          "wechat_api_secret",
          "wechat_api_secret_file",
          "wechat_api_url");

  private static final List<String> OTHER_CONFIGS =
      List.of(
          "discord_bot_configs",
          "email_configs",
          "incidentio_configs",
          "jira_configs",
          "mattermost_configs",
          "msteams_configs",
          "msteamsv2_configs",
          "opsgenie_configs",
          "pagerduty_configs",
          "pushover_configs",
          "rocketchat_configs",
          "slack_configs",
          "sns_configs",
          "telegram_configs",
          "victorops_configs",
          "webex_configs",
          "webhook_configs",
          "wechat_configs");

  /** The keys of {@code global} that are Alertmanager's. */
  public static final List<String> GLOBALS =
      Stream.concat(Stream.of("resolve_timeout", "http_config"), GLOBALS_OF_OTHERS.stream())
          .toList();

  public Routing {
    receivers = Map.copyOf(receivers);
    intervals = Map.copyOf(intervals);
    inhibitRules = List.copyOf(inhibitRules);
    templates = List.copyOf(templates);
    for (String name : root.receivers()) {
      if (!receivers.containsKey(name)) {
        throw new IllegalArgumentException("route to receiver " + name + ", which is not there");
      }
    }
  }

  /**
   * The labels that routes choose and group by, each with where that is said; but for the grouping
   * that is there where the file names none.
   */
  public Map<String, String> labels() {
    Map<String, String> labels = new TreeMap<>();
    collect(root, labels);
    return labels;
  }

  private static void collect(Route route, Map<String, String> labels) {
    route
        .matchers()
        .forEach(matcher -> labels.putIfAbsent(matcher.name(), "the route " + route.id()));
    Set<String> groupBy = route.groupBy();
    if (groupBy != null && !groupBy.equals(DEFAULT_GROUP_BY)) {
      groupBy.forEach(label -> labels.putIfAbsent(label, "group_by of the route " + route.id()));
    }
    route.routes().forEach(below -> collect(below, labels));
  }

  /** Routes and receivers alone. */
  public Routing(Route root, Map<String, Receiver> receivers) {
    this(root, receivers, Map.of(), List.of(), List.of(), RESOLVE_TIMEOUT, Flap.Limits.DEFAULTS);
  }

  /** Everything to one receiver, a card for each alert name and node. */
  public static Routing toAll(Receiver receiver) {
    return new Routing(
        Route.toAll(receiver.name(), DEFAULT_GROUP_BY), Map.of(receiver.name(), receiver));
  }

  /**
   * Reads it from the top level, or from the file that {@code alertmanager_file} names; and {@code
   * flapping}. Faults go to the section's.
   *
   * @param top the section that holds the keys
   * @param readers of integrations by their key, such as {@code discord_configs}
   * @param otherwise gets everything where neither routes nor receivers are given
   */
  public static Routing read(
      Section top, Map<String, Integration.Reader> readers, Receiver otherwise) {
    Flap.Limits flapping = Flap.Limits.read(top.section("flapping"));
    Value file = top.value("alertmanager_file");
    Path path = file == null ? null : file.path();
    if (path == null) {
      Duration resolve = resolveTimeout(top.section("global"));
      return from(top, readers, otherwise, resolve, flapping);
    }
    for (String key : KEYS) {
      if (top.has(key)) {
        top.fault(key, key + " stands in alertmanager_file; take one of them out");
      }
    }
    Section own;
    try {
      own = Yaml.load(path, Map.of(), top.faults());
    } catch (ConfigException | UncheckedIOException e) {
      top.fault("alertmanager_file", String.valueOf(e.getMessage()));
      return toAll(otherwise);
    }
    if (!own.has("route")) {
      own.fault("route is missing: the tree that says who is told");
    }
    Section global = own.section("global");
    Routing routing = from(own, readers, otherwise, resolveTimeout(global), flapping);
    global.end();
    own.end();
    return routing;
  }

  /** Makes the keys of {@code global} known; those that have no use here are told. */
  private static Duration resolveTimeout(Section global) {
    for (String key : GLOBALS_OF_OTHERS) {
      if (global.has(key)) {
        global.warn(key, key + " is for receivers that are not supported; it has no effect");
      }
    }
    if (global.has("http_config")) {
      global.warn("http_config", "http_config in global has no effect; set it in webhook_configs");
    }
    return global.duration(
        "resolve_timeout", RESOLVE_TIMEOUT, Duration.ofSeconds(1), Duration.ofDays(365));
  }

  private static Routing from(
      Section top,
      Map<String, Integration.Reader> readers,
      Receiver otherwise,
      Duration resolveTimeout,
      Flap.Limits flapping) {
    Map<String, Receiver> receivers = new LinkedHashMap<>();
    for (Section section : top.sections("receivers")) {
      Receiver receiver = receiver(section, readers);
      if (receivers.put(receiver.name(), receiver) != null) {
        section.fault("name", "receiver \"" + receiver.name() + "\" is there twice");
      }
    }
    checkFallbacks(top, receivers);
    Map<String, List<TimeInterval>> intervals = TimeInterval.readAll(top);
    List<InhibitRule> inhibitRules =
        top.sections("inhibit_rules").stream().map(Routing::inhibitRule).toList();
    List<Path> templates = templates(top);
    Route root;
    if (top.has("route")) {
      root = new Reader(receivers.keySet(), intervals.keySet()).root(top.section("route"));
      // Only after a fault; the name then stands for nobody.
      root.receivers().forEach(name -> receivers.putIfAbsent(name, new Receiver(name, List.of())));
    } else {
      if (receivers.size() > 1) {
        top.fault("receivers", "several receivers and no route: add route: {receiver: NAME}");
      }
      if (receivers.isEmpty()) {
        receivers.put(otherwise.name(), otherwise);
      }
      root = Route.toAll(receivers.keySet().iterator().next(), DEFAULT_GROUP_BY);
    }
    return new Routing(
        root, receivers, intervals, inhibitRules, templates, resolveTimeout, flapping);
  }

  private static List<Path> templates(Section top) {
    List<Path> all = new ArrayList<>();
    for (Value pattern : top.list("templates")) {
      Path path = pattern.path();
      List<Path> found = path == null ? List.of() : Globs.expand(List.of(path));
      if (path != null && found.isEmpty()) {
        pattern.warn("no file matches " + path);
      }
      all.addAll(found);
    }
    return all;
  }

  private static InhibitRule inhibitRule(Section section) {
    List<String> equal = section.strings("equal");
    InhibitRule rule =
        new InhibitRule(
            Reader.matchers(section, "source_match", "source_match_re", "source_matchers"),
            Reader.matchers(section, "target_match", "target_match_re", "target_matchers"),
            equal,
            section.position());
    if (section.has("name")) {
      section.string("name");
    }
    section.end();
    return rule;
  }

  /** The names of the receivers that would be told of an alert with these labels. */
  public List<String> receiversOf(Labels labels) {
    return root.match(labels).stream().map(Route::receiver).distinct().toList();
  }

  private static void checkFallbacks(Section top, Map<String, Receiver> receivers) {
    for (Receiver receiver : receivers.values()) {
      String fallback = receiver.insistence().fallback();
      if (fallback != null
          && (fallback.equals(receiver.name()) || !receivers.containsKey(fallback))) {
        top.fault(
            "receivers",
            "receiver \""
                + receiver.name()
                + "\" falls back to \""
                + fallback
                + "\", which is "
                + (fallback.equals(receiver.name()) ? "itself" : "not in receivers"));
      }
    }
  }

  /** The route whose group has that key; null if there is none any more. */
  @Nullable Route routeOf(String groupKey) {
    return root.all()
        .filter(route -> route.isKey(groupKey))
        .max(Comparator.comparingInt(route -> route.id().length()))
        .orElse(null);
  }

  private static Receiver receiver(Section section, Map<String, Integration.Reader> readers) {
    String name = section.requiredString("name");
    List<Integration> integrations = new ArrayList<>();
    readers.forEach(
        (key, reader) ->
            section.sections(key).forEach(each -> integrations.add(reader.read(each))));
    for (String key : OTHER_CONFIGS) {
      if (!readers.containsKey(key) && section.has(key)) {
        section.fault(
            key,
            key
                + " is not supported; write "
                + String.join(" or ", new TreeSet<>(readers.keySet()))
                + " (a webhook can bridge to others)");
      }
    }
    Insistence insistence = Insistence.read(section);
    section.end();
    return new Receiver(name, integrations, insistence);
  }

  /** Reads the tree. */
  private record Reader(Set<String> receivers, Set<String> intervals) {
    Route root(Section section) {
      if (!section.has("receiver")) {
        section.fault("route needs a receiver");
      }
      for (String key : List.of("match", "match_re", "matchers", "continue")) {
        if (section.has(key)) {
          section.fault(key, key + " can't stand in the first route: it takes every alert");
        }
      }
      for (String key : List.of("mute_time_intervals", "active_time_intervals")) {
        if (section.has(key)) {
          section.fault(key, key + " can't stand in the first route: it takes every alert");
        }
      }
      return route(section, Route.toAll("", Set.of()), "{}", matchers(section));
    }

    private Route route(Section section, Route above, String id, List<LabelMatcher> matchers) {
      String receiver = section.string("receiver", above.receiver());
      if (section.has("receiver") && !receivers.contains(receiver)) {
        section.fault("receiver", "receiver \"" + receiver + "\" is not in receivers");
      }
      Route route =
          new Route(
              id,
              receiver,
              matchers,
              section.has("group_by") ? groupBy(section) : above.groupBy(),
              wait(section, "group_wait", Duration.ZERO, above.groupWait()),
              wait(section, "group_interval", LEAST_INTERVAL, above.groupInterval()),
              section.duration(
                  "repeat_interval", above.repeatInterval(), LEAST_INTERVAL, MOST_WAIT),
              section.bool("continue", false),
              List.of(),
              intervals(section, "mute_time_intervals"),
              intervals(section, "active_time_intervals"),
              section.position());
      Route whole = route.with(below(section, route));
      section.end();
      return whole;
    }

    private List<Route> below(Section section, Route above) {
      List<Route> routes = new ArrayList<>();
      Set<String> ids = new HashSet<>();
      for (Section each : section.sections("routes")) {
        List<LabelMatcher> matchers = matchers(each);
        String path = above.id() + "/" + matchers;
        String id = path;
        for (int twin = 2; !ids.add(id); twin++) {
          id = path + "#" + twin;
        }
        routes.add(route(each, above, id, matchers));
      }
      return routes;
    }

    private List<String> intervals(Section section, String key) {
      List<String> names = section.strings(key);
      for (String name : names) {
        if (!intervals.contains(name)) {
          String nearest = Nearest.of(name, intervals);
          section.fault(
              key,
              "time interval \""
                  + name
                  + "\" is not in time_intervals"
                  + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?"));
        }
      }
      return names.stream().filter(intervals::contains).toList();
    }

    private static List<LabelMatcher> matchers(Section section) {
      return matchers(section, "match", "match_re", "matchers");
    }

    static List<LabelMatcher> matchers(Section section, String equal, String regex, String both) {
      List<LabelMatcher> all = new ArrayList<>();
      old(section, equal, LabelMatcher.Op.EQUAL, all);
      old(section, regex, LabelMatcher.Op.REGEX, all);
      for (String text : section.strings(both)) {
        try {
          all.addAll(Matchers.parse(text));
        } catch (IllegalArgumentException e) {
          section.fault(both, String.valueOf(e.getMessage()));
        }
      }
      return all;
    }

    /** The forms from before {@code matchers}: a section of names and values. */
    private static void old(
        Section section, String key, LabelMatcher.Op op, List<LabelMatcher> all) {
      section
          .section(key)
          .stringMap()
          .forEach(
              (name, value) -> {
                try {
                  all.add(new LabelMatcher(op, name, value));
                } catch (IllegalArgumentException e) {
                  section.fault(key, String.valueOf(e.getMessage()));
                }
              });
    }

    private static @Nullable Set<String> groupBy(Section section) {
      List<String> names = section.strings("group_by");
      if (names.contains("...")) {
        if (names.size() > 1) {
          section.fault("group_by", "group_by: '...' means all labels and stands alone");
        }
        return null;
      }
      Set<String> unique = new TreeSet<>(names);
      if (unique.size() < names.size()) {
        section.fault("group_by", "group_by names a label twice");
      }
      return unique;
    }

    private static @Nullable Duration wait(
        Section section, String key, Duration least, @Nullable Duration above) {
      return section.has(key) ? section.duration(key, LEAST_INTERVAL, least, MOST_WAIT) : above;
    }
  }
}
