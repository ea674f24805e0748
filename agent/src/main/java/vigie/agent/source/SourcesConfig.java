package vigie.agent.source;

import vigie.base.config.Section;

/**
 * What is read of this node's logs and life.
 *
 * @param boot whether boots and shutdowns become events
 */
public record SourcesConfig(JournalConfig journal, boolean boot, PatternsConfig patterns) {
  /** Reads {@code sources:} and the patterns of the top section. */
  public static SourcesConfig read(Section top) {
    Section sources = top.section("sources");
    SourcesConfig config =
        new SourcesConfig(
            JournalConfig.read(sources), sources.bool("boot", true), PatternsConfig.read(top));
    sources.end();
    return config;
  }
}
