using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Fota.Interop.Cryptoki;
using Fota.Interop.Tests.Faults;
using Fota.TestKit;

namespace Fota.Interop.Tests.Recovering;

/// <summary>A real token that is pulled out while four threads sign with it, and comes back.</summary>
[TestFixture]
public sealed class TokenAwayTests
{
    private const int Jobs = 600, RemovedAfter = 100, RestoredAfterFailures = 50;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Test]
    public void A49_Token_away_until_fifty_operations_have_failed_loses_nothing_and_doubles_nothing()
    {
        using var world = new RecoveryWorld("away");
        ConcurrentQueue<int> jobs = new(Enumerable.Range(0, Jobs));
        ConcurrentBag<(int Job, byte[] Signature)> done = [];
        ConcurrentBag<CryptokiRefusal> failures = [];
        Action? restore = null;
        int signed = 0;
        int failed = 0;
        IReadOnlyCollection<Exception> unexpected = ThreadsAtOnce.Run(() =>
        {
            while (jobs.TryDequeue(out int job))
            {
                try
                {
                    done.Add((job, world.Key.Sign(Message(job))));
                    if (Interlocked.Increment(ref signed) == RemovedAfter)
                    {
                        restore = SoftHsm.Shared.Remove(world.Made);
                    }
                }
                catch (CryptokiRefusalException e) when (e.RetryAfter is { } pause)
                {
                    failures.Add(e.Reason);
                    jobs.Enqueue(job);
                    world.Clock.Advance(pause);
                    if (Interlocked.Increment(ref failed) == RestoredAfterFailures)
                    {
                        SpinWait.SpinUntil(() => Volatile.Read(ref restore) is not null, s_patience);
                        restore!();
                    }
                }
            }
        });

        Assert.That(unexpected, Is.Empty);
        using ECDsa verifier = ECDsa.Create();
        verifier.ImportSubjectPublicKeyInfo(world.Key.SubjectPublicKeyInfo.Span, out int _);
        Assert.That(failures, Has.Count.GreaterThanOrEqualTo(RestoredAfterFailures).And.All.EqualTo(CryptokiRefusal.TokenAway));
        Assert.That(done.Select(static entry => entry.Job), Is.EquivalentTo(Enumerable.Range(0, Jobs)), "each job is signed, and once");
        Assert.That(done.All(entry => verifier.VerifyData(Message(entry.Job), entry.Signature, HashAlgorithmName.SHA256)), Is.True);
        Assert.That(FaultPlan.Signed, Has.Count.EqualTo(Jobs), "the token signed what was asked of it");
        Assert.That(FaultPlan.Signed.Values, Has.All.EqualTo(1), "and that once");
        Assert.That(FaultPlan.FinalizationsDuringCalls, Is.Zero);
    }

    [Test]
    public void A49_Token_that_is_away_does_not_pass_for_an_empty_one()
    {
        using var world = new RecoveryWorld("not empty");
        Action restore = SoftHsm.Shared.Remove(world.Made);
        foreach (Action look in new Action[] { () => world.Token.FindKeys(), () => world.Token.CountPrivateKeys(), () => world.Token.FindKey(RecoveryWorld.KeyLabel) })
        {
            Assert.That(look, Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenAway));
        }

        restore();
        world.Clock.Advance(CircuitBreaker.LongestPause);
        Assert.That(world.Token.FindKeys(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A49_Token_that_stays_away_has_the_module_initialised_anew_ever_more_rarely()
    {
        using var world = new RecoveryWorld("rarely");
        Action restore = SoftHsm.Shared.Remove(world.Made);
        for (int second = 0; second < 120; second++)
        {
            Assert.That(world.Sign, Throws.TypeOf<CryptokiRefusalException>().With.Property("Reason").EqualTo(CryptokiRefusal.TokenAway));
            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        // After 0, 1, 2, 3, 5, 9, 17, 33, 63 and 93 seconds: the pauses are 0.25 s, doubled up to 30 s, and the question comes once a second.
        Assert.That(FaultPlan.CallsOf("C_Initialize"), Is.EqualTo(10));
        restore();
        world.Clock.Advance(CircuitBreaker.LongestPause);
        world.Sign();
    }

    [Test]
    public void A49_Token_beside_the_one_that_is_away_goes_on_signing()
    {
        using var world = new RecoveryWorld("beside");
        TestToken made = SoftHsm.Shared.CreateToken("neighbour");
        using Token neighbour = Token.Open(world.Library, made.Label, made.Pin);
        TokenKey key = neighbour.GenerateKey(KeyAlgorithm.EcdsaP256, "key");
        Action restore = SoftHsm.Shared.Remove(world.Made);
        for (int i = 0; i < 10; i++)
        {
            Assert.That(world.Sign, Throws.TypeOf<CryptokiRefusalException>());
            Assert.That(key.Sign("message"u8), Has.Length.EqualTo(key.SignatureLength));
            world.Clock.Advance(CircuitBreaker.LongestPause);
        }

        restore();
    }

    private static byte[] Message(int job) => Encoding.ASCII.GetBytes($"job {job}");
}
