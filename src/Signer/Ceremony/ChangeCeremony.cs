using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>
/// A change of roles that a reviewed file asks for, in a home. Each run does what can be done now: begins the change, signs with the keys whose PINs it has, one token open at a time,
/// and puts it in force when it is complete. It can be killed at any point; the next run goes on.
/// </summary>
internal sealed class ChangeCeremony(SignerHost host, SignerHome home, CeremonyFile file, CeremonyPins pins)
{
    private HomeFolder Folder => home.Folder;

    private ChangePlan Plan => file.Change!;

    /// <summary>Does what can be done now.</summary>
    /// <param name="yaml">The ceremony's file.</param>
    public CeremonyOutcome Run(byte[] yaml)
    {
        if (HeldCeremony.Find(Folder, file.Digest) is { } held)
        {
            return new CeremonyOutcome(null, [], null, held.File, held.Summary);
        }

        DateTimeOffset now = host.Clock.GetUtcNow();
        ChangeDraft draft = ChangeDraft.Find(Folder, home.Settings, now) ?? Begin(now, yaml);
        Plan.DemandOwn(draft.Proposal);
        CeremonyRules.Demand(Plan, draft.Change, home.Policies, now);
        foreach (string line in draft.Proposal.Effects)
        {
            host.Out.WriteLine(line);
        }

        host.Out.WriteLine($"change: {draft.Proposal.Digest}");
        ChangeParties parties = new(Folder, draft);
        IReadOnlyList<KeySettings> usable = pins.Usable(home.Settings, draft.Change.After, parties.All, Plan.RemoveKeys, parties.NothingToSign);
        foreach (KeySettings party in usable.Where(party => !parties.IsDone(parties.Find(party.KeyId)!)))
        {
            using OpenedKey key = Open(party);
            host.Out.WriteLine($"signed: {parties.Sign(home, key.Key, host.Out.WriteLine)} with {party.Label}");
        }

        KeySettings online = draft.Change.After.Key(draft.Change.After.Roles.Timestamp.Keys[0]);
        IReadOnlyList<string> missing = parties.Missing();
        return missing.Count > 0 || !pins.Has(online) ? new CeremonyOutcome(draft, missing, null, null, null) : Apply(draft, online, usable);
    }

    private ChangeDraft Begin(DateTimeOffset now, byte[] yaml)
    {
        // What is asked for is looked at before anything of it lies in the home.
        ChangeRequest request = Plan.ToRequest(now);
        CeremonyRules.Demand(Plan, RoleChange.Plan(Folder, home.Settings, request, now), home.Policies, now);
        return ChangeDraft.Begin(Folder, home.Settings, request, now, proposal => Enter(LogKinds.CeremonyBegun, proposal, ("reason", Plan.Reason), ("effects", string.Join("\n", proposal.Effects))), yaml);
    }

    private void Enter(string kind, Proposal proposal, params ReadOnlySpan<(string Name, object? Value)> facts) => home.Log.Append(new LogEvent(
        kind,
        "-",
        string.Join(", ", proposal.Request.Roles),
        [("ceremony", file.Digest), ("change", proposal.Digest), .. facts]));

    private CeremonyOutcome Apply(ChangeDraft draft, KeySettings online, IReadOnlyList<KeySettings> usable)
    {
        PreparedChange prepared;
        byte[] transcript;
        string name = ChangeTranscript.NameOf(draft.Proposal);
        using (OpenedKey key = Open(online))
        {
            DateTimeOffset now = host.Clock.GetUtcNow();
            prepared = ChangeInstallation.Prepare(home, draft, OnlineKeys.Find(key, draft.Change.After), now);
            transcript = ChangeTranscript.Of(home, draft, Plan, prepared, now).ToJson();
            ChangeInstallation.WriteTranscript(Folder, name + ChangeTranscript.Ending, transcript);
            Sign(key.Key, name, transcript);
        }

        // Before the decision: afterwards what lies in the folder is only what somebody says it is.
        ChangeParties parties = new(Folder, draft);
        foreach (KeySettings party in usable.Where(party => party.KeyId != online.KeyId && parties.Statement(parties.Find(party.KeyId)!).Read(Folder) is not null))
        {
            using OpenedKey key = Open(party);
            Sign(key.Key, name, transcript);
        }

        Enter(LogKinds.CeremonyHeld, draft.Proposal, ("transcript", Sha256Digest.Of(transcript)));
        ChangeInstallation.Decide(Folder);
        return new CeremonyOutcome(null, [], prepared.Summary, Path.Combine(Folder.Transcript, name + ChangeTranscript.Ending), null);
    }

    /// <summary>Each into a file of its own that openssl verifies. A transcript has no "_type", so it can be taken for no metadata.</summary>
    private void Sign(ITokenKey key, string name, byte[] transcript)
    {
        byte[] signature = home.Signer.Sign(key, SigningPurpose.Transcript, $"transcript {Sha256Digest.Of(transcript)}", transcript);
        ChangeInstallation.WriteTranscript(Folder, ChangeTranscript.SignatureOf(name, key.Label), MetadataSignature.From(key.PublicKey, signature).Signature.Span);
    }

    private OpenedKey Open(KeySettings key) => OpenedKey.Open(host, Folder, key.Label, pins.File(key));
}

/// <summary>What a run of a ceremony came to.</summary>
/// <param name="Draft">The change that still wants signatures, or the online key; null if it is in force.</param>
/// <param name="Missing">What it still wants, line by line.</param>
/// <param name="Summary">What put it in force, for people; null if this run did not.</param>
/// <param name="Transcript">The transcript's file, if it is in force.</param>
/// <param name="Held">When it was held, if it was before this run.</param>
internal sealed record CeremonyOutcome(ChangeDraft? Draft, IReadOnlyList<string> Missing, string? Summary, string? Transcript, string? Held);
