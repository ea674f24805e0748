package vigie.agent.source;

/** Takes what sources read. Called by one thread of each source at a time. */
interface Lines {
  /**
   * Takes the line; blocks while what it leads to cannot be written, which holds the source back.
   *
   * @throws java.io.UncheckedIOException if it was not taken, as the agent ends, and is to be read
   *     again after its next start; never for a line without a place
   */
  void accept(Line line);
}
