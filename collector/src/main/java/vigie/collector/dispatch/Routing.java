package vigie.collector.dispatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * {@code route} and {@code receivers} of the configuration. Source: Alertmanager's configuration
 * reference; what is not built yet is refused by name.
 *
 * @param root takes every alert
 * @param receivers by name; holds every one that a route names
 */
public record Routing(Route root, Map<String, Receiver> receivers) {
  /** Where neither routes nor a grouping are given: a card for each alert name and node. */
  private static final Set<String> DEFAULT_GROUP_BY = Set.of("alertname", "node");

  private static final Duration LEAST_INTERVAL = Duration.ofSeconds(1);
  private static final Duration MOST_WAIT = Duration.ofDays(365);
  private static final List<String> LATER = List.of("mute_time_intervals", "active_time_intervals");
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

  public Routing {
    receivers = Map.copyOf(receivers);
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

  /** Everything to one receiver, a card for each alert name and node. */
  public static Routing toAll(Receiver receiver) {
    return new Routing(
        Route.toAll(receiver.name(), DEFAULT_GROUP_BY), Map.of(receiver.name(), receiver));
  }

  /**
   * Reads {@code route} and {@code receivers}; faults go to the section's.
   *
   * @param top the section that holds both keys
   * @param readers of integrations by their key, such as {@code discord_configs}
   * @param otherwise gets everything where neither key is there
   */
  public static Routing read(
      Section top, Map<String, Integration.Reader> readers, Receiver otherwise) {
    Map<String, Receiver> receivers = new LinkedHashMap<>();
    for (Section section : top.sections("receivers")) {
      Receiver receiver = receiver(section, readers);
      if (receivers.put(receiver.name(), receiver) != null) {
        section.fault("name", "receiver \"" + receiver.name() + "\" is there twice");
      }
    }
    checkFallbacks(top, receivers);
    if (!top.has("route")) {
      if (receivers.size() > 1) {
        top.fault("receivers", "several receivers and no route: add route: {receiver: NAME}");
      }
      return toAll(receivers.isEmpty() ? otherwise : receivers.values().iterator().next());
    }
    Route root = new Reader(receivers.keySet()).root(top.section("route"));
    // Only after a fault; the name then stands for nobody.
    root.receivers().forEach(name -> receivers.putIfAbsent(name, new Receiver(name, List.of())));
    return new Routing(root, receivers);
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

  private static Receiver receiver(Section section, Map<String, Integration.Reader> readers) {
    String name = section.requiredString("name");
    List<Integration> integrations = new ArrayList<>();
    readers.forEach(
        (key, reader) ->
            section.sections(key).forEach(each -> integrations.add(reader.read(each))));
    for (String key : OTHER_CONFIGS) {
      if (!readers.containsKey(key) && section.has(key)) {
        section.fault(
            key, key + " is not supported yet; supported: " + String.join(", ", readers.keySet()));
      }
    }
    Insistence insistence = Insistence.read(section);
    section.end();
    return new Receiver(name, integrations, insistence);
  }

  /** Reads the tree. */
  private record Reader(Set<String> receivers) {
    Route root(Section section) {
      if (!section.has("receiver")) {
        section.fault("route needs a receiver");
      }
      for (String key : List.of("match", "match_re", "matchers", "continue")) {
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
      for (String key : LATER) {
        if (section.has(key)) {
          section.fault(key, key + " is not supported yet; take it out");
        }
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
              List.of());
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

    private static List<LabelMatcher> matchers(Section section) {
      List<LabelMatcher> all = new ArrayList<>();
      old(section, "match", LabelMatcher.Op.EQUAL, all);
      old(section, "match_re", LabelMatcher.Op.REGEX, all);
      for (String text : section.strings("matchers")) {
        try {
          all.addAll(Matchers.parse(text));
        } catch (IllegalArgumentException e) {
          section.fault("matchers", String.valueOf(e.getMessage()));
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
