using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Fota.Cli.Login;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>Who knocks at the port where a login's answer is to come, and what an answer has to say.</summary>
public sealed class LoopbackListenerTests
{
    private const string State = "the state", Issuer = "https://login.example";

    [Test]
    [Proves("U-37")]
    public async Task A_connection_that_says_nothing_keeps_no_answer_out()
    {
        using LoopbackListener listener = new(new HandClock());
        Task<IReadOnlyDictionary<string, string>> answer = listener.WaitAsync(State, default);
        List<TcpClient> idle = [.. Enumerable.Range(0, LoopbackListener.MaxConnections - 1).Select(_ => Connect(listener))];
        Assert.That(await AskAsync(listener, "/callback?code=c&state=the%20state"), Does.StartWith("HTTP/1.1 200 "));
        Assert.That((await answer)["code"], Is.EqualTo("c"));
        idle.ForEach(static c => c.Dispose());
    }

    [Test]
    [Proves("U-37")]
    public async Task Connections_that_say_nothing_are_hung_up_on_in_time_so_that_others_are_heard()
    {
        HandClock clock = new();
        using LoopbackListener listener = new(clock);
        Task<IReadOnlyDictionary<string, string>> answer = listener.WaitAsync(State, default);
        TcpClient[] idle = [.. Enumerable.Range(0, LoopbackListener.MaxConnections).Select(_ => Connect(listener))];
        await clock.HasAsync(LoopbackListener.MaxConnections);
        Task<string> late = AskAsync(listener, "/callback?code=c&state=the%20state");
        Assert.That((answer.IsCompleted, late.IsCompleted), Is.EqualTo((false, false)), "there is no room");
        clock.Ring();
        Assert.That(await late, Does.StartWith("HTTP/1.1 200 "));
        Assert.That((await answer)["code"], Is.EqualTo("c"));
        foreach (TcpClient client in idle)
        {
            Assert.That(await client.GetStream().ReadAsync(new byte[1]), Is.Zero, "it was hung up on");
            client.Dispose();
        }
    }

    [TestCase("/callback?code=c")]
    [TestCase("/callback?code=c&state=another")]
    [TestCase("/callback?code=c&state=the%20state&state=the%20state")]
    [TestCase("/other?code=c&state=the%20state")]
    [Proves("U-37")]
    public async Task A45_What_is_no_answer_to_this_request_is_sent_away_and_waiting_goes_on(string target)
    {
        using LoopbackListener listener = new(new HandClock());
        using CancellationTokenSource end = new();
        Task<IReadOnlyDictionary<string, string>> answer = listener.WaitAsync(State, end.Token);
        Assert.That(await AskAsync(listener, target), Does.StartWith("HTTP/1.1 404 "));
        Assert.That(await AskAsync(listener, $"/callback?code={new string('c', 9000)}&state=the%20state"), Does.Not.StartWith("HTTP/1.1 200 "), "longer than a request may be");
        Assert.That(answer.IsCompleted, Is.False);
        await end.CancelAsync();
        Assert.That(async () => await answer, Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase(true, "code=c", "wanted an answer of https://login.example, got one of nobody")]
    [TestCase(true, "code=c iss=https://other.example", "wanted an answer of https://login.example, got one of https://other.example")]
    [TestCase(false, "code=c iss=https://other.example", "wanted an answer of https://login.example, got one of https://other.example")]
    [TestCase(false, "code=c iss=https://login.example/", "wanted an answer of https://login.example, got one of https://login.example/")]
    [TestCase(true, "error=access_denied iss=https://login.example", "login: access_denied")]
    [TestCase(true, "code=c iss=https://login.example", null)]
    [TestCase(false, "code=c", null)]
    [Proves("U-37")]
    public void A45_An_answer_is_of_the_server_that_was_asked(bool namesItself, string said, string? wrong)
    {
        AuthorizationServer server = new(null!, Issuer, JsonSerializer.Deserialize<JsonElement>($$"""{"authorization_response_iss_parameter_supported": {{(namesItself ? "true" : "false")}}}"""));
        Dictionary<string, string> answer = said.Split(' ').Select(static p => p.Split('=', 2)).ToDictionary(static p => p[0], static p => p[1], StringComparer.Ordinal);
        if (wrong is null)
        {
            Assert.That(LoopbackGrant.CodeOf(answer, server), Is.EqualTo("c"));
        }
        else
        {
            Assert.That(() => LoopbackGrant.CodeOf(answer, server), Throws.TypeOf<CommandFailedException>().With.Message.Contains(wrong));
        }
    }

    [Test]
    [Proves("U-37")]
    public void What_a_token_is_to_be_for_is_said_with_every_request()
    {
        LoginRequest request = new("fota-cli", "openid", "https://updates.example/", new Uri("https://login.example/token"));
        Assert.That(request.Form().Single(static p => p.Key == "resource").Value, Is.EqualTo("https://updates.example/"));
        Assert.That(request.Resource().Single(), Is.EqualTo(KeyValuePair.Create("resource", "https://updates.example/")));
        Assert.That((request with { Audience = null }).Form().Concat((request with { Audience = null }).Resource()).Select(static p => p.Key), Has.None.EqualTo("resource"));
    }

    private static TcpClient Connect(LoopbackListener listener) => new("127.0.0.1", new Uri(listener.Redirect).Port);

    /// <summary>Sends a request, and gives all that comes for it.</summary>
    private static async Task<string> AskAsync(LoopbackListener listener, string target)
    {
        using TcpClient client = Connect(listener);
        NetworkStream stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
            using StreamReader reader = new(stream, Encoding.ASCII);
            return await reader.ReadToEndAsync();
        }
        catch (IOException)
        {
            return ""; // what was too long was not read to its end
        }
    }

    /// <summary>A clock whose timers ring when it is told to.</summary>
    private sealed class HandClock : TimeProvider
    {
        private readonly Channel<bool> _made = Channel.CreateUnbounded<bool>();
        private readonly List<Action> _timers = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_timers)
            {
                _timers.Add(() => callback(state));
            }

            _made.Writer.TryWrite(true);
            return new SilentTimer();
        }

        /// <summary>Done when so many timers were made.</summary>
        public async Task HasAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await _made.Reader.ReadAsync();
            }
        }

        public void Ring()
        {
            Action[] timers;
            lock (_timers)
            {
                timers = [.. _timers];
            }

            Array.ForEach(timers, static t => t());
        }

        private sealed class SilentTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
