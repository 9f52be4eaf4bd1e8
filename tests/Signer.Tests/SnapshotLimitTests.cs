using Fota.Manifest.Encoding;
using Fota.Signer.Repository;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>A repository of more roles than a client reads a snapshot for.</summary>
public sealed class SnapshotLimitTests
{
    [Test]
    [Proves("R-48", "R-10")]
    public async Task A06_Release_for_which_the_snapshot_has_no_room_is_not_published_and_nothing_changes()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.ApprovedAsync("1.0.0");
        RepositoryState state = world.Repository.ReadState();
        string product = new('p', 64);
        Dictionary<string, long> roles = Enumerable.Range(0, DecodeLimits.SnapshotBytes / 190).ToDictionary(bin => $"{product}.{bin:x8}", static _ => 1L, StringComparer.Ordinal);
        foreach (string role in roles.Keys)
        {
            await File.WriteAllTextAsync(world.Repository.FullPath(RepositoryFolder.Metadata(role, 1)), "{}");
        }

        world.Repository.WriteState(state with { Delegated = roles });
        byte[] before = world.Repository.Read(RepositoryFolder.StateName);
        (await world.PublishAsync("1.0.0")).Refused($"not written, as clients would refuse the repository: LimitExceeded: snapshot: wanted at most {DecodeLimits.SnapshotBytes} bytes, got ");
        Assert.That(world.Repository.Read(RepositoryFolder.StateName), Is.EqualTo(before));
        Assert.That(Directory.Exists(world.Repository.FullPath("packs")), Is.False, "nothing of the release is in the repository");

        world.Repository.WriteState(state with { Delegated = roles.Take(5000).ToDictionary(StringComparer.Ordinal) });
        (await world.PublishAsync("1.0.0")).Ok();
    }
}
