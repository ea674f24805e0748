package vigie.agent.metric;

import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.Executor;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Statfs;
import vigie.agent.reader.TimexReader;
import vigie.base.time.Clock;

/**
 * What a collector is made from: the machine, and the options that are configured for it.
 *
 * @param blocking runs what may hang; it refuses when all its threads are taken
 */
record Host(
    Roots roots,
    Clock clock,
    ZoneId zone,
    Statfs statfs,
    InodeReader inodes,
    TimexReader timex,
    Executor blocking,
    List<Option> options,
    CollectorsConfig.Chosen chosen) {

  Host {
    options = List.copyOf(options);
  }

  /** A machine before any collector asks. */
  Host(
      Roots roots,
      Clock clock,
      ZoneId zone,
      Statfs statfs,
      InodeReader inodes,
      TimexReader timex,
      Executor blocking) {
    this(
        roots,
        clock,
        zone,
        statfs,
        inodes,
        timex,
        blocking,
        List.of(),
        CollectorsConfig.Chosen.NOTHING);
  }

  /** The same machine for a collector. */
  Host configured(List<Option> options, CollectorsConfig.Chosen chosen) {
    return new Host(roots, clock, zone, statfs, inodes, timex, blocking, options, chosen);
  }

  /**
   * The filter of the option declared by {@link Option#filter} or {@link Option#anchoredFilter}.
   */
  Filter filter(String name) {
    Option option = declared(name);
    String include = value(name + "_include", option.defaults().get(0));
    boolean lifted =
        option.defaults().get(0).isEmpty() && chosen.options().containsKey(name + "_include");
    String exclude = value(name + "_exclude", lifted ? "" : option.defaults().get(1));
    return option.kind() == Option.Kind.ANCHORED_FILTER
        ? Filter.anchored(include, exclude)
        : Filter.of(include, exclude);
  }

  /** The names in which the regular expression of an option is found. */
  Filter including(String name) {
    return Filter.of(value(name, declared(name).defaults().get(0)), null);
  }

  /** The names in which it is not. */
  Filter excluding(String name) {
    return Filter.of(null, value(name, declared(name).defaults().get(0)));
  }

  boolean flag(String name) {
    return value(name, declared(name).defaults().get(0)).equals("true");
  }

  String text(String name) {
    return value(name, declared(name).defaults().get(0));
  }

  List<String> texts(String name) {
    return chosen.options().getOrDefault(name, declared(name).defaults());
  }

  private String value(String key, String otherwise) {
    List<String> values = chosen.options().get(key);
    return values == null ? otherwise : values.get(0);
  }

  private Option declared(String name) {
    for (Option option : options) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    throw new IllegalStateException("BUG: option " + name + " is not declared: " + options);
  }
}
