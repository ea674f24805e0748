package vigie.collector.notify.discord;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;
import vigie.collector.card.Picture;

/**
 * A message as it is sent: JSON alone, or with a file as {@code multipart/form-data}. Source:
 * Discord's reference, uploading files.
 *
 * @param body belongs to the message from now on
 * @param picture the file that {@code attachments} names as number 0; null for none
 */
public record DiscordMessage(ObjectNode body, @Nullable Picture picture) {
  private static final String BOUNDARY = "vigie-5f0c6f1f0a7b4d62";

  /** Cut where Discord would refuse it for its size. */
  public DiscordMessage {
    DiscordLimits.fit(body);
  }

  /** The value of the header Content-Type. */
  public String contentType() {
    return picture == null ? "application/json" : "multipart/form-data; boundary=" + BOUNDARY;
  }

  /** What follows the header. */
  public byte[] bytes() {
    byte[] json = body.toString().getBytes(UTF_8);
    Picture file = picture;
    if (file == null) {
      return json;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(json.length + file.png().length + 512);
    part(out, "name=\"payload_json\"", "application/json", json);
    String named = "name=\"files[0]\"; filename=\"" + Picture.FILE + "\"";
    part(out, named, "image/png", file.png());
    out.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(UTF_8));
    return out.toByteArray();
  }

  private static void part(ByteArrayOutputStream out, String name, String type, byte[] content) {
    String head =
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; "
            + name
            + "\r\nContent-Type: "
            + type
            + "\r\n\r\n";
    out.writeBytes(head.getBytes(UTF_8));
    out.writeBytes(content);
    out.writeBytes("\r\n".getBytes(UTF_8));
  }
}
