package vigie.agent.source;

import vigie.base.config.Section;

/**
 * What is read of this node's logs and life.
 *
 * @param eventsPerSecond how many events of matched lines each source may make, on the long run
 * @param boot whether boots and shutdowns become events
 */
public record SourcesConfig(
    JournalConfig journal,
    FilesConfig files,
    SyslogSourceConfig syslog,
    int eventsPerSecond,
    boolean boot,
    PatternsConfig patterns) {
  /** Reads {@code sources:} and the patterns of the top section. */
  public static SourcesConfig read(Section top) {
    Section sources = top.section("sources");
    PatternsConfig patterns = PatternsConfig.read(top);
    SourcesConfig config =
        new SourcesConfig(
            JournalConfig.read(sources),
            FilesConfig.read(sources, patterns),
            SyslogSourceConfig.read(sources),
            (int) sources.integer("events_per_second", EventRate.PER_SECOND, 1, 10_000),
            sources.bool("boot", true),
            patterns);
    sources.end();
    return config;
  }
}
