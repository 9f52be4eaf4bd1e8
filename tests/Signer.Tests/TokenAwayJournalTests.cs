using System.Collections.Concurrent;
using System.Text;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>A real token that is pulled out while four threads sign with it through the journal, and comes back.</summary>
[TestFixture]
public sealed class TokenAwayJournalTests
{
    // Each eleventh job asks for what the key's policy forbids.
    private const int Jobs = 132, Refused = Jobs / RefusedEach, RefusedEach = 11, RemovedAfter = 30, RestoredAfterFailures = 50;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Test]
    public async Task A49_P7_Token_away_until_fifty_operations_have_failed_has_each_intent_one_outcome_and_each_job_one_signature()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        JumpingClock clock = new();
        world.Module = _ => Pkcs11Module.Load(SoftHsm.ModulePath, clock);
        using OpenedKey release = OpenedKey.Open(world.Host(), world.HomeFolder, "release", world.PinFile("release"));
        int before = Entries(world).Count;
        ConcurrentQueue<int> jobs = new(Enumerable.Range(0, Jobs));
        ConcurrentDictionary<int, byte[]> signatures = [];
        ConcurrentBag<KeyPolicyReason> refusals = [];
        int signed = 0, failed = 0;
        Action? restore = null;
        IReadOnlyCollection<Exception> unexpected = ThreadsAtOnce.Run(() =>
        {
            using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);

            // The home's lock keeps a second signer out; here there are four on one journal, and each waits for its turn, in milliseconds.
            _ = database.Execute("PRAGMA busy_timeout = 60000");
            JournalledSigner signer = new(new SigningJournal(database, world.Clock, new KeyPolicies(world.HomeFolder, world.Clock), new SignerLog(database, world.Clock)));
            while (jobs.TryDequeue(out int job))
            {
                try
                {
                    byte[] signature = signer.Sign(release.Key, IsForbidden(job) ? SigningPurpose.Root : SigningPurpose.SuitManifest, $"job {job}", Message(job));
                    Assert.That(signatures.TryAdd(job, signature), Is.True, "each job once");
                    if (Interlocked.Increment(ref signed) == RemovedAfter)
                    {
                        Volatile.Write(ref restore, SoftHsm.Shared.Remove(release.Token.Serial));
                    }
                }
                catch (KeyPolicyException e)
                {
                    refusals.Add(e.Reason);
                }
                catch (CryptokiRefusalException e) when (e.IsPassing)
                {
                    jobs.Enqueue(job);
                    clock.Advance(e.RetryAfter!.Value);
                    if (Interlocked.Increment(ref failed) == RestoredAfterFailures)
                    {
                        SpinWait.SpinUntil(() => Volatile.Read(ref restore) is not null, s_patience);
                        restore!();
                    }
                }
            }
        });

        Assert.That(unexpected, Is.Empty);
        JournalEntry[] entries = [.. Entries(world).Skip(before)];
        JournalEntry[] made = [.. entries.Where(static entry => entry.Result == SigningResult.Signed)];
        Assert.That(refusals, Has.Count.EqualTo(Refused).And.All.EqualTo(KeyPolicyReason.Role));
        Assert.That(failed, Is.GreaterThanOrEqualTo(RestoredAfterFailures));
        Assert.That(signatures, Has.Count.EqualTo(Jobs - Refused), "nothing is lost");
        Assert.That(made, Has.Length.EqualTo(Jobs - Refused), "nothing is doubled");
        Assert.That(entries, Has.Length.EqualTo(made.Length + refusals.Count + failed), "each attempt stands in the journal");
        Assert.That(entries.Count(static entry => entry.Result == SigningResult.Failed), Is.EqualTo(refusals.Count + failed), "each with its one outcome");
        Assert.That(
            made.Select(static entry => (entry.Subject, entry.MessageSha256, entry.SignatureSha256)),
            Is.EquivalentTo(signatures.Select(static job => ($"job {job.Key}", Sha256Digest.Of(Message(job.Key)).ToString(), Sha256Digest.Of(job.Value).ToString()))));
        Assert.That(signatures.Where(job => !release.Key.PublicKey.IsSignatureOver(Message(job.Key), job.Value)), Is.Empty, "each verifies");
        ITokenKey found = release.Token.FindKey("release");
        Assert.That((found.IsSensitive, found.IsNeverExtractable, found.PublicKey.Id), Is.EqualTo((true, true, release.Key.PublicKey.Id)), "the key is what it was");
    }

    private static bool IsForbidden(int job) => job % RefusedEach == 0;

    private static byte[] Message(int job) => Encoding.ASCII.GetBytes($"message {job}");

    private static IReadOnlyList<JournalEntry> Entries(SignerWorld world)
    {
        using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);
        return new SigningJournal(database, world.Clock, new KeyPolicies(world.HomeFolder, world.Clock), new SignerLog(database, world.Clock)).Entries();
    }
}
