using System.Security.Cryptography;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Commands;

/// <summary>Does the same again and again until it is stopped; what may be different next time is said and tried again.</summary>
internal static class PassLoop
{
    // SQLITE_CORRUPT and SQLITE_NOTADB: a journal that only people can mend.
    private const int Corrupt = 11, NotADatabase = 26;

    public static async Task RunAsync(SignerHost host, string name, TimeSpan interval, Func<CancellationToken, Task> pass, CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(interval, host.Clock);
        try
        {
            do
            {
                try
                {
                    await pass(cancellation);
                }
                catch (Exception e) when (IsPassing(e) && !cancellation.IsCancellationRequested)
                {
                    await host.Error.WriteLineAsync($"{name}: {e.Message.ReplaceLineEndings(" ")}; next try in {interval.TotalSeconds} s");
                }
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await host.Error.WriteLineAsync($"{name}: stopped");
        }
    }

    /// <summary>
    /// What may be different at the next look, a full disk and a locked journal among it. A PIN that was refused is not: repeating it locks tokens (A50).
    /// </summary>
    private static bool IsPassing(Exception e) => e switch
    {
        CryptokiException cryptoki => !cryptoki.IsRefusedLogin,
        CryptokiRefusalException refusal => refusal.IsPassing,
        SqliteException sqlite => sqlite.SqliteErrorCode is not (Corrupt or NotADatabase),
        _ => e is SignerRefusalException or RejectedException or HttpRequestException or TaskCanceledException or IOException or UnauthorizedAccessException or CryptographicException,
    };
}
