package vigie.base.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RelpEncoderTest {
  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void givenFrames_whenWritten_thenBehindEachOtherAsRelpWantsThem() {
    ByteBuf out = Unpooled.buffer();
    RelpEncoder encoder = new RelpEncoder();

    encoder.frame(out, 1, "open", bytes(RelpOffers.ours("vigie,0.1,x").print()));
    encoder.syslog(out, 2, bytes("<13>é"));
    encoder.syslog(out, 999_999_999, new byte[0]);
    encoder.frame(out, 10, "close", new byte[0]);
    encoder.ok(out, 20);
    encoder.serverClose(out);

    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "1 open 56 relp_version=0\nrelp_software=vigie,0.1,x\ncommands=syslog\n"
                + "2 syslog 6 <13>é\n999999999 syslog 0\n10 close 0\n"
                + "20 rsp 6 200 OK\n0 serverclose 0\n");
  }

  @ParameterizedTest
  @CsvSource({
    "'commands=syslog', true",
    "'\n\nrelp_version=1\nx\n=\ncommands=eventlog,syslog\n', true",
    "'commands=syslogs', false",
    "'commands=', false",
    "'', false",
  })
  void givenOffers_whenParsed_thenTheCommandIsFoundOrNot(String data, boolean syslog) {
    assertThat(RelpOffers.parse(bytes(data), 0, 32).hasCommand("syslog")).isEqualTo(syslog);
  }

  @Test
  void givenMoreOffersThanTheLimit_whenParsed_thenFault() {
    assertThatThrownBy(() -> RelpOffers.parse(bytes("a=1\nb=2\nc=3"), 0, 2))
        .isInstanceOf(RelpFault.class)
        .hasMessage("more than 2 offers");
  }

  @Test
  void givenAnswerToOpen_whenParsed_thenCodeTextAndOffers() {
    byte[] data = bytes("200 OK\nrelp_version=0\ncommands=syslog\n");

    RelpResponse response = RelpResponse.parse(data);

    assertThat(response.isOk()).isTrue();
    assertThat(response.text()).isEqualTo("OK");
    assertThat(RelpOffers.parse(data, response.end(), 32).values())
        .containsEntry("relp_version", "0")
        .containsEntry("commands", "syslog");
  }

  @ParameterizedTest
  @CsvSource({"'500 no', 500, no", "'200', 200, ''", "'', 200, ''", "'200OK', 200, OK"})
  void givenAnswer_whenParsed_thenCodeAndText(String data, int code, String text) {
    RelpResponse response = RelpResponse.parse(bytes(data));

    assertThat(response.code()).isEqualTo(code);
    assertThat(response.text()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"OK", "20", "2x0 OK", " 200 OK"})
  void givenAnswerWithoutCode_whenParsed_thenFault(String data) {
    assertThatThrownBy(() -> RelpResponse.parse(bytes(data))).isInstanceOf(RelpFault.class);
  }
}
