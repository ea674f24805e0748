package vigie.collector.card;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;

/**
 * The pages of docs/runbooks, which the annotation {@code runbook_url} of the shipped rules leads
 * to. They are in the jar, so that they can be read without the internet.
 */
public final class Runbooks {
  /** Files of docs/runbooks are {@code [A-Za-z]+.md}; nothing else can be asked for. */
  private static final int LONGEST = 80;

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff");

  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width,initial-scale=1">
      <title>TITLE: runbook</title>
      <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 42em; margin: 1em auto 3em; padding: 0 1em; color-scheme: light dark }
        pre { white-space: pre-wrap; padding: .8em; border: 1px solid #8886; border-radius: .4em; font-size: .88em }
        ul { padding-left: 1.2em }
        li { margin: .4em 0 }
        code { overflow-wrap: anywhere }
      </style>
      """;

  public void routes(Routes routes) {
    routes.get(
        "/runbooks",
        request -> HttpAnswer.text(301, "see /runbooks/\n").with("Location", "runbooks/"));
    routes.get("/runbooks/", request -> page("README", ""));
    routes.get("/runbooks/{name}", Runbooks::named);
  }

  private static HttpAnswer named(HttpRequest request) throws IOException {
    return page(request.variable("name"), "<p><a href=\"./\">All runbooks</a></p>\n");
  }

  private static HttpAnswer page(String name, String foot) throws IOException {
    Optional<String> text = read(name);
    if (text.isEmpty()) {
      return HttpAnswer.text(404, "no runbook of this name; /runbooks/ lists them\n");
    }
    String html = HEAD.replace("TITLE", name) + Markdown.html(text.get()) + foot;
    byte[] body = html.getBytes(StandardCharsets.UTF_8);
    return new HttpAnswer(200, "text/html; charset=utf-8", body, HEADERS);
  }

  private static Optional<String> read(String name) throws IOException {
    boolean plain = name.chars().allMatch(c -> c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z');
    if (!plain || name.isEmpty() || name.length() > LONGEST) {
      return Optional.empty();
    }
    try (InputStream in = Runbooks.class.getResourceAsStream("runbooks/" + name + ".md")) {
      return in == null
          ? Optional.empty()
          : Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
