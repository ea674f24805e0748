package vigie.collector.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import vigie.base.relp.RelpOffers;
import vigie.base.relp.RelpResponse;

/** A RELP session of one record after the other, each awaited. Not safe for several threads. */
final class RelpSender implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int LONGEST_ANSWER = 4096;

  private final Socket socket = new Socket();
  private int txnr;

  /** Connects; nothing is said yet. */
  RelpSender(InetSocketAddress to) throws IOException {
    try {
      socket.connect(to, PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.setTcpNoDelay(true);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  void open(String software) throws IOException {
    StringBuilder offers = new StringBuilder();
    RelpOffers.ours(software)
        .values()
        .forEach((name, value) -> offers.append(name).append('=').append(value).append('\n'));
    exchange("open", offers.toString().strip().getBytes(StandardCharsets.UTF_8));
  }

  /** Returns once the other end has stored it. */
  void send(byte[] record) throws IOException {
    exchange("syslog", record);
  }

  private void exchange(String command, byte[] data) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream(data.length + 32);
    frame.writeBytes(
        (++txnr + " " + command + " " + data.length + " ").getBytes(StandardCharsets.US_ASCII));
    frame.writeBytes(data);
    frame.write('\n');
    socket.getOutputStream().write(frame.toByteArray());
    RelpResponse answer = answer();
    if (!answer.isOk()) {
      throw new IOException("it answers " + answer.code() + " " + answer.text());
    }
  }

  /** {@code TXNR rsp LENGTH DATA LF}; hints of the server's own have the number 0. */
  private RelpResponse answer() throws IOException {
    while (true) {
      int number = number(word());
      String command = word();
      int length = number(word());
      byte[] data = socket.getInputStream().readNBytes(length);
      if (length > 0 && socket.getInputStream().read() != '\n') {
        throw new IOException("it does not speak RELP");
      }
      if (command.equals("serverclose")) {
        throw new IOException("it closes the session");
      }
      if (number == txnr) {
        return RelpResponse.parse(data);
      }
    }
  }

  private static int number(String text) throws IOException {
    try {
      int number = Integer.parseInt(text);
      if (number >= 0 && number <= LONGEST_ANSWER) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IOException("it does not speak RELP");
  }

  /** Up to a space or LF, which is taken. */
  private String word() throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder word = new StringBuilder();
    for (int b = in.read(); b != ' ' && b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("it hung up");
      }
      if (word.length() > 32) {
        throw new IOException("it does not speak RELP");
      }
      word.append((char) b);
    }
    return word.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
