package vigie.base.http;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Answers one request. Runs on the server's executor and may take its time; called by several
 * threads at once.
 */
@FunctionalInterface
public interface HttpHandler {
  /** Whatever it throws is answered with 500 and logged; {@link HttpFault} with its own status. */
  HttpAnswer handle(HttpRequest request) throws Exception;

  /**
   * Begins to answer, and holds no thread while it waits: for what takes as long as a probe.
   * Completed by any thread; a failure is answered as what {@link #handle} throws.
   */
  default CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
    return CompletableFuture.completedStage(handle(request));
  }

  /** A handler that answers later. */
  interface Later {
    /** As {@link HttpHandler#begin}. */
    CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception;
  }
}
