package vigie.base.http;

/**
 * Answers one request. Runs on the server's executor and may take its time; called by several
 * threads at once.
 */
@FunctionalInterface
public interface HttpHandler {
  /** Whatever it throws is answered with 500 and logged; {@link HttpFault} with its own status. */
  HttpAnswer handle(HttpRequest request) throws Exception;
}
