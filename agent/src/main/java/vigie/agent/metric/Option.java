package vigie.agent.metric;

import java.util.List;

/**
 * What a collector can be told in {@code collectors:}, named as node_exporter's flag without the
 * collector's name, with {@code _} for {@code -}.
 *
 * @param defaults the values where nothing is configured; empty where the default is nothing
 */
record Option(String name, Kind kind, List<String> defaults) {
  /** What values are taken. */
  enum Kind {
    FLAG,
    TEXT,
    TEXTS,
    PATHS,
    REGEX,
    FILTER,
    ANCHORED_FILTER
  }

  Option {
    defaults = List.copyOf(defaults);
  }

  /** {@code NAME: true}; off by default. Ask with {@link Host#flag}. */
  static Option flag(String name) {
    return new Option(name, Kind.FLAG, List.of("false"));
  }

  /** {@code NAME: false}; on by default. Ask with {@link Host#flag}. */
  static Option flagOn(String name) {
    return new Option(name, Kind.FLAG, List.of("true"));
  }

  /** {@code NAME: VALUE}. Ask with {@link Host#text}. */
  static Option text(String name, String otherwise) {
    return new Option(name, Kind.TEXT, List.of(otherwise));
  }

  /** {@code NAME: VALUE} or a list of values. Ask with {@link Host#texts}. */
  static Option texts(String name, String... otherwise) {
    return new Option(name, Kind.TEXTS, List.of(otherwise));
  }

  /**
   * {@code NAME: PATH} or a list of paths, relative ones to the configuration's folder. Ask with
   * {@link Host#texts}.
   */
  static Option paths(String name, String... otherwise) {
    return new Option(name, Kind.PATHS, List.of(otherwise));
  }

  /**
   * {@code NAME: REGEX}, found anywhere. Ask with {@link Host#including} or {@link Host#excluding}.
   */
  static Option regex(String name, String otherwise) {
    return new Option(name, Kind.REGEX, List.of(otherwise));
  }

  /** {@code NAME_include} and {@code NAME_exclude}. Ask with {@link Host#filter}. */
  static Option filter(String name) {
    return filter(name, "", "");
  }

  /**
   * The same with defaults. Where the default of {@code NAME_include} is empty, only one of the two
   * may be given, and giving it lifts the default of {@code NAME_exclude}: as node_exporter has it.
   */
  static Option filter(String name, String include, String exclude) {
    return new Option(name, Kind.FILTER, List.of(include, exclude));
  }

  /** The same, whose expressions must fit the whole name. */
  static Option anchoredFilter(String name, String include, String exclude) {
    return new Option(name, Kind.ANCHORED_FILTER, List.of(include, exclude));
  }

  boolean isFilter() {
    return kind == Kind.FILTER || kind == Kind.ANCHORED_FILTER;
  }

  /** Whether only one of a filter's two may be given, as node_exporter has it. */
  boolean takesOneOnly() {
    return isFilter() && defaults.get(0).isEmpty();
  }

  /** The keys that it has in the configuration. */
  List<String> keys() {
    return isFilter() ? List.of(name + "_include", name + "_exclude") : List.of(name);
  }
}
