using Fota.Signer.Approval;
using Fota.Signer.Authority;
using Fota.Signer.Journal;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Log;
using Fota.Signer.Requests;
using Fota.Signer.Roles;

namespace Fota.Signer.Home;

/// <summary>A home that this process holds the lock of, with its journal open.</summary>
internal sealed class SignerHome : IDisposable
{
    private readonly HomeLock _lock;
    private readonly SignerDatabase _database;

    private SignerHome(HomeFolder folder, SignerSettings settings, HomeLock taken, SignerDatabase database, TimeProvider clock, string? completed)
    {
        Folder = folder;
        Settings = settings;
        CompletedChange = completed;
        _lock = taken;
        _database = database;
        Log = new SignerLog(database, clock);
        Policies = new KeyPolicies(folder, clock);
        Journal = new SigningJournal(database, clock, Policies, Log);
        Signer = new JournalledSigner(Journal);
        Sequences = new SequenceNumbers(database, clock);
        Names = new CertifiedNames(database, clock);
        Pushes = new PushRecord(database);
        Issued = new IssuedCertificates(folder, database);
        Requests = new RequestStore(database, clock, Log);
        Revoked = new RevokedCertificates(database, clock, Log);
        Allowed = new AllowedDevices(database, clock, Log);
        ServerLogs = new ServerLogs(database, clock);
    }

    public HomeFolder Folder { get; }

    public SignerSettings Settings { get; }

    /// <summary>The digest of a change of roles that an earlier process decided, and this one completed when it opened the home; null if there was none.</summary>
    public string? CompletedChange { get; }

    /// <summary>What goes into the log that anybody can check.</summary>
    public SignerLog Log { get; }

    /// <summary>What each key may sign.</summary>
    public KeyPolicies Policies { get; }

    public SigningJournal Journal { get; }

    public JournalledSigner Signer { get; }

    public SequenceNumbers Sequences { get; }

    public CertifiedNames Names { get; }

    public PushRecord Pushes { get; }

    public IssuedCertificates Issued { get; }

    public RequestStore Requests { get; }

    public RevokedCertificates Revoked { get; }

    public AllowedDevices Allowed { get; }

    /// <summary>The logs of update servers that this signer signs for.</summary>
    public ServerLogs ServerLogs { get; }

    /// <summary>Takes the lock, removes what killed processes left, opens the journal, and tells of signatures that an earlier process left in doubt.</summary>
    public static async Task<SignerHome> OpenAsync(HomeFolder folder, SignerHost host, CancellationToken cancellation)
    {
        _ = folder.ReadSettings();
        HomeLock taken = await HomeLock.TakeAsync(folder, host.Clock, cancellation);
        SignerDatabase? database = null;
        try
        {
            ReleaseDraft.RemoveAbandoned(folder);
            string? completed = ChangeInstallation.Finish(folder);

            // Read again: what was read before the lock was taken may have been changed since.
            SignerSettings settings = folder.ReadSettings();
            database = SignerDatabase.Open(folder.Journal);
            SignerHome home = new(folder, settings, taken, database, host.Clock, completed);
            (long lacked, string? damage) = LogRecovery.Run(home);
            if (damage is not null)
            {
                await host.Error.WriteLineAsync($"warning: {damage}");
            }

            if (lacked > 0)
            {
                await host.Error.WriteLineAsync($"warning: the journal lacked {lacked} entries of the log, which were taken from there, with names, revocations and lists of devices; what was entered after the last checkpoint is lost, and so is the rest of the journal");
            }

            foreach (JournalEntry entry in home.Journal.CloseUnknown())
            {
                await host.Error.WriteLineAsync(
                    $"warning: signing {entry.Id} of {entry.Time} was interrupted, and it is unknown whether key {entry.KeyLabel} signed "
                    + $"({entry.Purpose}, {entry.Subject}); it is not repeated unless you ask again");
            }

            return home;
        }
        catch
        {
            database?.Dispose();
            taken.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _database.Dispose();
        _lock.Dispose();
    }
}
