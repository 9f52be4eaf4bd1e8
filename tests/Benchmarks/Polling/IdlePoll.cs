using System.Globalization;
using Fota.Samples.Demo;
using Fota.TestKit;

namespace Fota.Benchmarks.Polling;

/// <summary>
/// What an idle check-in costs on the wire: the real programs, mutual TLS 1.3, keys in tokens, counted between them. A poll on a connection that is new to the
/// process, on one that takes up an earlier TLS session, and on one that was kept.
/// </summary>
internal static class IdlePoll
{
    private const int KeptPolls = 8;

    // Polls come a second apart; what belongs to one comes within much less.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(400), s_patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(CancellationToken cancellation)
    {
        string programs = RepositoryRoot.Path("dist"), folder = Directory.CreateTempSubdirectory("fota-bench-").FullName;
        try
        {
            SignerSite signer = new(programs, Path.Combine(folder, "signer"));
            await using ServerSite server = new(programs, Path.Combine(folder, "server"));
            await signer.HoldCeremonyAsync(RepositoryRoot.Path("hsm-config", "ceremony.yaml"), cancellation);
            await server.StartAsync(signer, cancellation);
            await using Service online = await signer.StartServiceAsync(server.Address, server.OperatorToken, cancellation);
            Operator operations = new(programs, server.OperatorEnvironment(Path.Combine(signer.Home, "ca", "service-ca.pem")));
            string image = await AgentMemory.ReleaseAsync(programs, folder, signer, operations, "1.0.0", 64 * 1024, cancellation);
            await using CountingRelay relay = new(server.Address);
            await using DeviceSite device = new(programs, Path.Combine(folder, "device"), "pump-0001");
            await device.ManufactureAsync(signer, relay.Address, image, "1.0.0", cancellation);
            device.PowerOn();
            await WaitForAsync(relay, connections: 1, KeptPolls + 1, cancellation);
            await relay.HangUpAsync();
            await WaitForAsync(relay, connections: 2, 2, cancellation);
            await device.PowerOffAsync();
            Print(relay.Passages);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<object> WaitForAsync(CountingRelay relay, int connections, int polls, CancellationToken cancellation) =>
        Waiting.ForAsync($"{polls} polls of connection {connections}", s_patience, () => Task.FromResult(Polls(relay.Passages, connections - 1).Count > polls ? new object() : null), cancellation);

    private static void Print(Passage[] passages)
    {
        List<Poll> first = Polls(passages, 0), second = Polls(passages, 1);
        Poll kept = first.Skip(1).Take(KeptPolls).OrderBy(static poll => poll.Bytes).ElementAt(KeptPolls / 2);
        Console.WriteLine("bytes of TCP payload                      to the server  from it    both  turns");
        Print("new connection of a new process", first[0]);
        Print("new connection of a process that had one", second[0]);
        Print("connection that was kept", kept);
        Console.WriteLine();
        Console.WriteLine("bytes a day, polling every            minute  15 minutes        hour     6 hours         day");
        PrintDay("new connection each time", second[0].Bytes);
        PrintDay("connection kept", kept.Bytes);
    }

    private static void Print(string what, Poll poll) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-42}{poll.ToServer,13}{poll.Bytes - poll.ToServer,9}{poll.Bytes,8}{poll.Turns,7}"));

    private static void PrintDay(string what, long bytes) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-30}{1440 * bytes,14}{96 * bytes,12}{24 * bytes,12}{4 * bytes,12}{bytes,12}"));

    private static List<Poll> Polls(Passage[] passages, int connection)
    {
        List<List<Passage>> polls = [];
        TimeSpan last = TimeSpan.MinValue;
        foreach (Passage passage in passages.Where(passage => passage.Connection == connection))
        {
            if (polls.Count == 0 || passage.At - last > s_pause)
            {
                polls.Add([]);
            }

            polls[^1].Add(passage);
            last = passage.At;
        }

        return [.. polls.Select(static poll => new Poll(
            poll.Where(static passage => passage.ToServer).Sum(static passage => (long)passage.Bytes),
            poll.Sum(static passage => (long)passage.Bytes),
            1 + poll.Zip(poll.Skip(1)).Count(static pair => pair.First.ToServer != pair.Second.ToServer)))];
    }

    /// <param name="ToServer">Bytes to the server.</param>
    /// <param name="Bytes">Bytes both ways.</param>
    /// <param name="Turns">How often the direction changed, and one.</param>
    private sealed record Poll(long ToServer, long Bytes, int Turns);
}
