using System.Text.Json;
using Fota.Cli.Server;
using Fota.TestKit;

namespace Fota.Cli.Tests;

/// <summary>What becomes of a command whose server does not answer.</summary>
public sealed class PatienceTests
{
    private static readonly JsonElement s_running = Rollout("running"), s_completed = Rollout("completed");

    [TestCase(true, "the server gave no answer in 30 s: look whether it was done")]
    [TestCase(false, "the server gave no answer in 30 s")]
    public void Answer_that_does_not_come_is_told_as_that_and_not_as_a_cancellation(bool changes, string message) => Assert.That(
        async () => await Patience.WaitAsync("the server", TimeSpan.FromSeconds(30), changes, NeverAsync, new JumpingClock(), default),
        Throws.TypeOf<ServerAwayException>().With.Message.EqualTo(message));

    [Test]
    public void Command_that_was_cancelled_is_cancelled()
    {
        using CancellationTokenSource user = new();
        user.Cancel();
        Assert.That(async () => await Patience.WaitAsync("the server", TimeSpan.FromSeconds(30), changes: true, NeverAsync, TimeProvider.System, user.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Watch_goes_on_after_a_server_that_was_away_for_less_than_ten_minutes()
    {
        JumpingClock clock = new();
        TimeSpan away = RolloutWatch.MostAway - TimeSpan.FromSeconds(2);
        Exception[] failures = [new ServerAwayException("502"), new HttpRequestException("refused")];
        int asked = 0;
        RolloutWatch watch = new(_ => clock.Elapsed < away ? throw failures[asked++ % 2] : Task.FromResult(s_completed), TimeSpan.FromSeconds(1), clock);
        List<string?> states = [];
        await foreach (JsonElement now in watch.ChangesAsync(s_running, default))
        {
            states.Add(now.GetProperty("state").GetString());
        }

        Assert.That((states, asked), Is.EqualTo(((string?[])["running", "completed"], 597)));
    }

    [Test]
    public void Watch_gives_up_a_server_that_is_away_for_ten_minutes()
    {
        JumpingClock clock = new();
        RolloutWatch watch = new(static _ => throw new ServerAwayException("504"), TimeSpan.FromSeconds(30), clock);
        Assert.That(
            async () =>
            {
                await foreach (JsonElement now in watch.ChangesAsync(s_running, default))
                {
                    Assert.That(now.GetProperty("state").GetString(), Is.EqualTo("running"));
                }
            },
            Throws.TypeOf<ServerAwayException>());
        Assert.That(clock.Elapsed, Is.EqualTo(RolloutWatch.MostAway));
    }

    [Test]
    public void Watch_ends_at_once_when_the_server_refuses()
    {
        JumpingClock clock = new();
        RolloutWatch watch = new(static _ => throw new CommandFailedException("403"), TimeSpan.FromSeconds(30), clock);
        Assert.That(
            async () =>
            {
                await foreach (JsonElement now in watch.ChangesAsync(s_running, default))
                {
                    Assert.That(now.GetProperty("state").GetString(), Is.EqualTo("running"));
                }
            },
            Throws.TypeOf<CommandFailedException>());
        Assert.That(clock.Elapsed, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    private static async Task<int> NeverAsync(CancellationToken stop)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        return 0;
    }

    private static JsonElement Rollout(string state) => JsonSerializer.Deserialize<JsonElement>($$"""{"state": "{{state}}"}""");
}
