package vigie.agent.metric;

/**
 * A snapshot whose name stands in the classic text format as it is. A counter of Micrometer has a
 * name without {@code _total} there, which is added; one from a text file is told as it was
 * written.
 */
public interface PlainName {}
