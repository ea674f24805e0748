package vigie.collector.card;

/**
 * A picture that goes with a card.
 *
 * @param png the file; belongs to the picture from now on
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Picture(byte[] png) {
  /** The name of the file wherever it is attached. */
  public static final String FILE = "graph.png";
}
