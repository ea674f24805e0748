package vigie.collector.receive.remotewrite;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.http.WebAccess;
import vigie.base.net.Addresses;
import vigie.base.net.ServerTls;

/**
 * Where pushed samples are taken, and from whom.
 *
 * @param webConfig whom it lets in, a file in the exporter-toolkit's format; where it is empty
 *     {@code tls} of the receivers counts, if there is one
 */
public record RemoteWriteConfig(InetSocketAddress address, Optional<Path> webConfig) {
  private static final String KEY = "remote_write";
  private static final String FILE = "remote_write_web_config_file";
  private static final String USUAL = "0.0.0.0:9338";

  /**
   * Reads {@code remote_write} of {@code listen}, which the caller ends, and the file's key.
   *
   * @param tls of the receivers
   */
  public static Optional<RemoteWriteConfig> read(
      Section top, Section listen, @Nullable ServerTls tls) {
    Optional<Path> file = Optional.ofNullable(top.value(FILE)).map(Value::path);
    boolean proved =
        file.map(web -> WebAccess.check(web, top.faults()))
            .orElse(tls != null && tls.requiresClients());
    String text = listen.string(KEY, "false");
    if (text.equals("false")) {
      if (file.isPresent()) {
        top.warn(FILE, FILE + " without listen.remote_write has no effect");
      }
      return Optional.empty();
    }
    InetSocketAddress address;
    try {
      address = Addresses.parse(text.equals("true") ? USUAL : text);
    } catch (IllegalArgumentException e) {
      listen.fault(KEY, KEY + " " + e.getMessage() + ", true or false");
      return Optional.empty();
    }
    if (!proved && !Addresses.isLoopback(address.getHostString())) {
      listen.fault(
          KEY,
          KEY
              + " beyond loopback must know who pushes: set tls: {cert_file, key_file,"
              + " client_ca_file}, or "
              + FILE
              + " with basic_auth_users or client_auth_type: RequireAndVerifyClientCert");
    }
    return Optional.of(new RemoteWriteConfig(address, file));
  }
}
