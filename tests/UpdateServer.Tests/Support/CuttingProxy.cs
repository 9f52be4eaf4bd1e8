using System.Net.Sockets;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Stands between a server and its PostgreSQL, and can cut the connection over which the next grant is committed: before the database hears of it, or before the server hears the answer.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    public const int Port = 6000;

    private readonly string _host;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private volatile Cut _next;
    private int _cuts;

    public CuttingProxy(PostgresServer postgres)
    {
        _host = postgres.Host;
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_host, $".s.PGSQL.{Port}")));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>Where a connection is cut.</summary>
    public enum Cut
    {
        None = 0,
        BeforeTheCommit,
        BeforeTheAnswer,
    }

    /// <summary>How many were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>What happens to the next commit that members of a rollout are in.</summary>
    public void CutNext(Cut cut) => _next = cut;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
        File.Delete(Path.Combine(_host, $".s.PGSQL.{Port}"));
    }

    private async Task AcceptAsync()
    {
        List<Task> relays = [];
        try
        {
            while (true)
            {
                relays.Add(RelayAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (IsOver(e))
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using Socket ours = client;
        using Socket database = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await database.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_host, ".s.PGSQL.5432")), _stop.Token);
        TaskCompletionSource kept = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource isCut = new();
        await Task.WhenAny(AskAsync(ours, database, isCut, kept.Task), AnswerAsync(database, ours, isCut, kept));
    }

    /// <summary>From the server to the database.</summary>
    private async Task AskAsync(Socket from, Socket to, CancellationTokenSource isCut, Task kept)
    {
        byte[] buffer = new byte[64 * 1024];
        bool isGrant = false;
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
            {
                isGrant |= buffer.AsSpan(0, read).IndexOf("INSERT INTO rollout_members"u8) >= 0;
                Cut cut = isGrant && buffer.AsSpan(0, read).IndexOf("COMMIT\0"u8) >= 0 ? Interlocked.Exchange(ref _next, Cut.None) : Cut.None;
                if (cut != Cut.None)
                {
                    Interlocked.Increment(ref _cuts);
                    await isCut.CancelAsync();
                }

                if (cut != Cut.BeforeTheCommit)
                {
                    await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
                }

                if (cut != Cut.None)
                {
                    await (cut == Cut.BeforeTheAnswer ? kept : Task.CompletedTask); // it is committed, and nobody will hear of it
                    return;
                }
            }
        }
        catch (Exception e) when (IsOver(e))
        {
            // One of the two is gone, and the other goes with it.
        }
    }

    /// <summary>From the database to the server, until it is cut: then the answer is kept.</summary>
    private async Task AnswerAsync(Socket from, Socket to, CancellationTokenSource isCut, TaskCompletionSource kept)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
            {
                if (isCut.IsCancellationRequested)
                {
                    break;
                }

                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (IsOver(e))
        {
            // As above.
        }

        kept.TrySetResult();
    }

    private static bool IsOver(Exception e) => e is OperationCanceledException or SocketException or ObjectDisposedException;
}
