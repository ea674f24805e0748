package vigie.collector.web;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;

/**
 * The page's files, from the folder {@code web/} of the class path; {@code index.html} stands at
 * {@code /}. Read and compressed when first asked for, then kept: they are few and do not change.
 */
public final class PageFiles {
  private static final String FOLDER = "/web";
  private static final int COMPRESSED_FROM = 1024;

  /** What is served; a file that ends otherwise is not. */
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon",
          "webmanifest", "application/manifest+json",
          "json", "application/json",
          "woff2", "font/woff2",
          "txt", "text/plain; charset=utf-8");

  /** Nothing but what comes from here; no inline script or style, and in nobody's frame. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
          + " connect-src 'self'; manifest-src 'self'; font-src 'self'; base-uri 'none';"
          + " form-action 'self'; frame-ancestors 'none'";

  private final Map<String, PageFile> files = new ConcurrentHashMap<>();

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record PageFile(String type, String tag, byte[] plain, byte @Nullable [] compressed) {}

  /** Whether there is a file at a path such as {@code /app/main.js}. */
  public boolean has(String path) {
    return file(path) != null;
  }

  /** Answers with the file at the request's path, or that there is none. */
  HttpAnswer answer(HttpRequest request) {
    PageFile file = file(request.path());
    if (file == null) {
      throw new HttpFault(404, "nothing at " + request.path());
    }
    byte[] compressed = request.header("accept-encoding").contains("gzip") ? file.compressed : null;
    String tag = "\"" + file.tag + (compressed == null ? "" : "-gzip") + "\"";
    boolean same = request.header("if-none-match").contains(file.tag);
    byte[] body = same ? new byte[0] : compressed == null ? file.plain : compressed;
    HttpAnswer answer =
        new HttpAnswer(
            same ? 304 : 200,
            file.type,
            body,
            Map.of(
                "etag", tag,
                "cache-control", "no-cache",
                "vary", "accept-encoding",
                "content-security-policy", POLICY,
                "x-content-type-options", "nosniff",
                "referrer-policy", "no-referrer"));
    // "identity" keeps the server from compressing what is small or a picture.
    return same
        ? answer
        : answer.with("content-encoding", compressed == null ? "identity" : "gzip");
  }

  private @Nullable PageFile file(String path) {
    String name = path.equals("/") ? "/index.html" : path;
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    if (type == null || !isPlain(name)) {
      return null;
    }
    PageFile known = files.get(name);
    if (known != null) {
      return known;
    }
    try (InputStream in = PageFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        return null;
      }
      PageFile read = read(type, in.readAllBytes());
      files.put(name, read);
      return read;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the page's file " + name, e);
    }
  }

  /** Whether it is a path without surprises: no hidden file, none outside of the folder. */
  private static boolean isPlain(String path) {
    return path.startsWith("/")
        && !path.contains("/.")
        && !path.contains("//")
        && path.chars()
            .allMatch(c -> c < 128 && (Character.isLetterOrDigit(c) || "/._-".indexOf(c) >= 0));
  }

  private static PageFile read(String type, byte[] plain) throws IOException {
    boolean text = !type.startsWith("image/png") && !type.startsWith("font/");
    byte[] compressed = text && plain.length >= COMPRESSED_FROM ? gzip(plain) : null;
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(plain);
      return new PageFile(type, HexFormat.of().formatHex(hash, 0, 12), plain, compressed);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(plain.length / 3);
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    }
    return out.toByteArray();
  }
}
