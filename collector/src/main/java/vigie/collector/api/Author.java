package vigie.collector.api;

import vigie.base.http.HttpRequest;

/** Who changes something. */
public final class Author {
  private Author() {}

  /** Who has proved who they are: the user, else the name in the certificate; else {@code ""}. */
  public static String proved(HttpRequest request) {
    String user = request.who().user();
    return user.isEmpty() ? request.who().certificate() : user;
  }

  /** Whoever has proved who they are is not believed to be another; else what was claimed. */
  public static String of(HttpRequest request, String claimed) {
    String proved = proved(request);
    return proved.isEmpty() ? claimed : proved;
  }
}
