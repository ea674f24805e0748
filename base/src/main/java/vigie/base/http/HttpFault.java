package vigie.base.http;

/** A request that is answered with an error status and a text for the person who sent it. */
public final class HttpFault extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int status;

  public HttpFault(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  public int status() {
    return status;
  }
}
