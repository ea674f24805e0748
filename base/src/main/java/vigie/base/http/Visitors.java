package vigie.base.http;

/**
 * Knows people by something other than the password of a {@code web.config}, such as a session. To
 * be asked by several threads at once, before a request's body is read; must not block.
 */
public interface Visitors {
  /** Who has shown by the request's headers who they are; {@code ""} where nobody has. */
  String user(HttpRequest request);

  /** Whether nobody needs to show who they are for this: it tells and changes nothing. */
  boolean isOpenToAll(HttpRequest request);

  /** What somebody is told who should have shown it. */
  HttpAnswer unknown(HttpRequest request);
}
