using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Aivm.Tests.Node;

public sealed class HttpTransportTests
{
    private const string Echo = """{"jsonrpc":"2.0","id":1,"method":"echo","params":["0xab"]}""";

    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    [InlineData("-7")]
    [InlineData("1.5e300")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890")]
    [InlineData("\"text\"")]
    [InlineData("\"\\u0041\\\"\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    public async Task An_id_of_every_kind_comes_back_as_it_was_sent(string id)
    {
        await using var server = await TransportFixture.StartAsync();
        var (status, body) = await server.PostAsync($$"""{"id":{{id}},"params":["0xab"],"method":"echo","jsonrpc":"2.0"}""");
        Assert.Equal(200, status);
        Assert.Equal($$"""{"jsonrpc":"2.0","id":{{id}},"result":"0xab"}""", body);
    }

    [Theory]
    [InlineData("", "parse error")]
    [InlineData("{", "parse error")]
    [InlineData("hello", "parse error")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":["0xab"]""", "parse error")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":["0xab"]}}""", "parse error")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"echo","params":["0xab"]}""", "parse error")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"\ud800":1}""", "parse error")]
    [InlineData("""{"jsonrpc":"2.0",}""", "parse error")]
    public async Task Text_that_is_not_JSON_is_a_parse_error(string text, string message)
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync(text);
        Assert.Equal(-32700, (int)answer["error"]!["code"]!);
        Assert.StartsWith(message, (string)answer["error"]!["message"]!);
        Assert.Null(answer["id"]);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_a_parse_error()
    {
        await using var server = await TransportFixture.StartAsync();
        using var content = new ByteArrayContent([.. "{\"jsonrpc\":\"2.0\",\"id\":\""u8, 0xC3, 0x28, .. "\",\"method\":\"echo\"}"u8]);
        using var response = await server.Http.PostAsync("/", content, TestContext.Current.CancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(-32700, (int)answer["error"]!["code"]!);
    }

    [Fact]
    public async Task Nesting_over_the_limit_is_refused_by_name_and_below_it_is_read()
    {
        await using var server = await TransportFixture.StartAsync();
        var deep = await server.CallAsync($$"""{"jsonrpc":"2.0","id":1,"method":"echo","params":{{new string('[', 20_000)}}{{new string(']', 20_000)}}}""");
        Assert.Equal(-32700, (int)deep["error"]!["code"]!);
        Assert.Contains("nested deeper than 32 levels", (string)deep["error"]!["message"]!);
        var shallow = await server.CallAsync($$"""{"jsonrpc":"2.0","id":1,"method":"echo","params":{{new string('[', 30)}}{{new string(']', 30)}}}""");
        Assert.Equal(-32602, (int)shallow["error"]!["code"]!);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"echo\"")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"echo"}""")]
    [InlineData("""{"id":1,"method":"echo"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","method":"add"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"id":2,"method":"echo"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"echo"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":[1],"method":"echo"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":true,"method":"echo"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":"0xab"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"echo","params":5}""")]
    public async Task JSON_that_is_no_request_is_an_invalid_request(string text)
    {
        await using var server = await TransportFixture.StartAsync();
        Assert.Equal(-32600, (int)(await server.CallAsync(text))["error"]!["code"]!);
    }

    [Fact]
    public async Task An_id_of_unreasonable_length_is_refused()
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync($$"""{"jsonrpc":"2.0","id":{{new string('1', 2_000)}},"method":"echo"}""");
        Assert.Equal(-32600, (int)answer["error"]!["code"]!);
        Assert.Null(answer["id"]);
    }

    [Theory]
    [InlineData("eth_nonsense")]
    [InlineData("")]
    [InlineData("Echo")]
    [InlineData("echo ")]
    public async Task An_unknown_method_is_named(string method)
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}"}""");
        Assert.Equal(-32601, (int)answer["error"]!["code"]!);
        Assert.Equal($"the method {method} does not exist/is not available", (string)answer["error"]!["message"]!);
    }

    [Fact]
    public async Task A_very_long_method_name_is_not_repeated_in_full()
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync($$"""{"jsonrpc":"2.0","id":1,"method":"{{new string('é', 10_000)}}"}""");
        Assert.Equal(-32601, (int)answer["error"]!["code"]!);
        Assert.True(((string)answer["error"]!["message"]!).Length < 200);
    }

    [Theory]
    [InlineData("", "params[0] (left) is missing")]
    [InlineData(""","params":[]""", "params[0] (left) is missing")]
    [InlineData(""","params":null""", "params[0] (left) is missing")]
    [InlineData(""","params":["0x1"]""", "params[1] (right) is missing")]
    [InlineData(""","params":["0x1",null]""", "params[1] (right) is missing")]
    [InlineData(""","params":["0x1",1]""", "params[1] (right): expected a quantity")]
    [InlineData(""","params":["0x01","0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":["0x","0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":["12","0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":["0xg","0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":["0x10000000000000000","0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":[["0x1"],"0x1"]""", "params[0] (left): expected a quantity")]
    [InlineData(""","params":{"left":"0x1"}""", "params must be an array")]
    public async Task Wrong_parameters_are_told_apart_by_place_and_name(string parameters, string message)
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync($$"""{"jsonrpc":"2.0","id":1,"method":"add"{{parameters}}}""");
        Assert.Equal(-32602, (int)answer["error"]!["code"]!);
        Assert.StartsWith(message, (string)answer["error"]!["message"]!);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_answered_413_and_the_server_goes_on()
    {
        await using var server = await TransportFixture.StartAsync();
        var (status, body) = await server.PostAsync(new string(' ', TransportFixture.SmallLimits.MaxBodyBytes + 1));
        Assert.Equal(413, status);
        Assert.Contains("the body is over", body);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StreamContent(new MemoryStream(new byte[200_000])) };
        chunked.Headers.TransferEncodingChunked = true;
        using var response = await server.Http.SendAsync(chunked, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(200, (await server.PostAsync(Echo)).Status);
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_read()
    {
        await using var server = await TransportFixture.StartAsync();
        var (status, body) = await server.PostAsync(Echo.PadRight(TransportFixture.SmallLimits.MaxBodyBytes));
        Assert.Equal(200, status);
        Assert.Contains("0xab", body);
    }

    [Fact]
    public async Task A_batch_answers_in_order_and_leaves_notifications_out()
    {
        await using var server = await TransportFixture.StartAsync();
        var (_, body) = await server.PostAsync("""
            [{"jsonrpc":"2.0","id":1,"method":"echo","params":["0x01"]},
             {"jsonrpc":"2.0","method":"echo","params":["0x02"]},
             {"jsonrpc":"2.0","id":"b","method":"missing"},
             7,
             {"jsonrpc":"2.0","id":null,"method":"echo","params":["0x03"]}]
            """);
        Assert.Equal(
            """
            [{"jsonrpc":"2.0","id":1,"result":"0x01"},{"jsonrpc":"2.0","id":"b","error":{"code":-32601,"message":"the method missing does not exist/is not available"}},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request: expected an object"}},{"jsonrpc":"2.0","id":null,"result":"0x03"}]
            """,
            body);
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","method":"echo","params":["0x02"]}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"fail"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"half"}""")]
    [InlineData("""{"jsonrpc":"2.0","method":"unknown"}""")]
    [InlineData("""[{"jsonrpc":"2.0","method":"half"},{"jsonrpc":"2.0","method":"echo","params":["0x02"]}]""")]
    public async Task Notifications_alone_get_no_answer(string text)
    {
        await using var server = await TransportFixture.StartAsync();
        Assert.Equal((204, ""), await server.PostAsync(text));
    }

    [Fact]
    public async Task A_batch_over_the_limit_is_refused_whole()
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.CallAsync("[" + string.Join(",", Enumerable.Repeat(Echo, 11)) + "]");
        Assert.Equal(-32600, (int)answer["error"]!["code"]!);
        Assert.Contains("at most 10", (string)answer["error"]!["message"]!);
    }

    [Fact]
    public async Task An_exception_in_a_method_tells_the_client_nothing_and_harms_no_other_call()
    {
        await using var server = await TransportFixture.StartAsync();
        var (_, body) = await server.PostAsync("""
            [{"jsonrpc":"2.0","id":1,"method":"fail"},{"jsonrpc":"2.0","id":2,"method":"half"},{"jsonrpc":"2.0","id":3,"method":"echo","params":["0x"]}]
            """);
        Assert.Equal(
            """
            [{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error: see the node's log"}},{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"internal error: see the node's log"}},{"jsonrpc":"2.0","id":3,"result":"0x"}]
            """,
            body);
    }

    [Fact]
    public async Task An_answer_over_the_limit_becomes_an_error_of_its_call_alone()
    {
        await using var server = await TransportFixture.StartAsync();
        var answers = (await server.CallAsync($$"""[{"jsonrpc":"2.0","id":1,"method":"large"},{{Echo}}]""")).AsArray();
        Assert.Equal(-32003, (int)answers[0]!["error"]!["code"]!);
        Assert.Equal("0xab", (string)answers[1]!["result"]!);
    }

    [Fact]
    public async Task Revert_data_stands_in_the_error()
    {
        await using var server = await TransportFixture.StartAsync();
        var (_, body) = await server.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"refuse"}""");
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted: no","data":"0x0102"}}""", body);
    }

    [Theory]
    [InlineData("Host", "evil.example", 403)]
    [InlineData("Host", "127.0.0.1.evil.example:8545", 403)]
    [InlineData("Host", "10.0.0.1:8545", 403)]
    [InlineData("Host", "localhost:1234", 200)]
    [InlineData("Host", "[::1]:8545", 200)]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "http://localhost.evil.example", 403)]
    [InlineData("Origin", "http://localhost:3000", 200)]
    [InlineData("Origin", "https://127.0.0.1", 200)]
    [InlineData("Origin", "chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn", 200)]
    public async Task Pages_of_other_hosts_are_kept_out(string header, string value, int status)
    {
        await using var server = await TransportFixture.StartAsync();
        var answer = await server.PostAsync(Echo, request => request.Headers.TryAddWithoutValidation(header, value));
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task A_loopback_page_may_read_answers()
    {
        await using var server = await TransportFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/");
        request.Headers.Add("Origin", "http://localhost:3000");
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("http://localhost:3000", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Fact]
    public async Task Health_other_paths_and_other_verbs()
    {
        await using var server = await TransportFixture.StartAsync();
        Assert.Equal("""{"status":"ok"}""", await server.Http.GetStringAsync("/", TestContext.Current.CancellationToken));
        using var missing = await server.Http.GetAsync("/admin", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        using var deleted = await server.Http.DeleteAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, deleted.StatusCode);
    }

    [Fact]
    public async Task No_text_brings_the_server_down()
    {
        await using var server = await TransportFixture.StartAsync();
        var random = new Random(7);
        var valid = Encoding.UTF8.GetBytes("""[{"jsonrpc":"2.0","id":"\u0041","method":"add","params":["0x1",{"a":[null,true,-1e5]}],"x":"é"}]""");
        for (var i = 0; i < 500; i++)
        {
            var mutated = (byte[])valid.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            using var content = new ByteArrayContent(mutated);
            using var response = await server.Http.PostAsync("/", content, TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(body.Length == 0 || JsonNode.Parse(body) is not null);
            Assert.DoesNotContain("internal error", body);
        }
    }
}
