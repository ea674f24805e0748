package vigie.agent.source;

/** Takes what sources read. Called by one thread of each source at a time. */
interface Lines {
  /**
   * Takes the line; blocks while what it leads to cannot be written, which holds the source back.
   */
  void accept(Line line);
}
