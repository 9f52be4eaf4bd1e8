namespace Fota.Signer.Home;

/// <summary>One command at a time in a home: sequence numbers, roles and the journal are read, decided upon and written as one.</summary>
internal sealed class HomeLock : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    private readonly FileStream _file;

    private HomeLock(FileStream file) => _file = file;

    /// <summary>Waits for other commands, which hold it while they sign, not while they compress.</summary>
    public static async Task<HomeLock> TakeAsync(HomeFolder folder, TimeProvider clock, CancellationToken cancellation)
    {
        long started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new HomeLock(new FileStream(folder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (clock.GetElapsedTime(started) > s_patience)
                {
                    throw new HomeBusyException($"{folder.Root} is in use by another fota-signer", e);
                }
            }

            await Task.Delay(s_pause, clock, cancellation);
        }
    }

    public void Dispose() => _file.Dispose();
}
