using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Roles;

namespace Fota.Signer.Ceremony;

/// <summary>Who may sign what in the change of a ceremony, and who has.</summary>
/// <param name="folder">The home that the draft lies in.</param>
/// <param name="draft">The draft.</param>
internal sealed class ChangeParties(HomeFolder folder, ChangeDraft draft)
{
    /// <summary>Everybody who may sign in it: holders of the role's keys before and after it, and of keys that are new to the role.</summary>
    public IReadOnlyList<KeySettings> All
    {
        get
        {
            HashSet<string> ids =
            [
                .. draft.Possessions.Select(static possession => possession.Key)
                    .Concat(draft.Change.Envelopes.SelectMany(static envelope => envelope.Keys.Keys))
                    .Concat(draft.Roles.SelectMany(static role => role.Quorums).SelectMany(static quorum => quorum.Keys.Keys))
                    .Select(static key => key.Id.ToString()),
            ];
            return [.. draft.Change.After.Keys.Where(key => ids.Contains(key.KeyId))];
        }
    }

    /// <summary>The public half of a party's key; null for a stranger's.</summary>
    public VerificationKey? Find(string keyId) => draft.Possessions.Select(static possession => possession.Key)
        .Concat(draft.Change.Envelopes.SelectMany(static envelope => envelope.Keys.Keys))
        .Concat(draft.Roles.SelectMany(static role => role.Quorums).SelectMany(static quorum => quorum.Keys.Keys))
        .FirstOrDefault(key => string.Equals(key.Id.ToString(), keyId, StringComparison.Ordinal));

    /// <summary>What a party signs first.</summary>
    public CeremonyStatement Statement(VerificationKey key) => new(draft.Change.After.LabelOf(key.Id), key, draft.Proposal.Digest, draft.Change.Request.Ceremony!);

    /// <summary>What of the change bears a key's signature, for people: metadata, envelopes, its own agreement to be added.</summary>
    public IReadOnlyList<string> SignedBy(VerificationKey key) =>
    [
        .. draft.Possessions.Where(possession => possession.Key.Equals(key) && draft.IsProven(possession)).Select(static _ => "its own agreement, as it is new to the role"),
        .. draft.Change.Envelopes.Where(changed => (draft.Envelope(changed.Path) ?? draft.Change.Published(changed.Path)).IsSignedBy(key)).Select(static changed => changed.Path),
        .. draft.Roles.Where(role => new RoleKeys([key], 1).Signers(draft.Role(role)).Count > 0).Select(static role => $"{role.Name} {role.Version}"),
    ];

    /// <summary>
    /// What is still wanted, for people; empty when the ceremony can be put in force. Of a key that signed in this change, also its statement that it takes part: else its part
    /// would stand in no transcript.
    /// </summary>
    public IReadOnlyList<string> Missing() =>
    [
        .. draft.Missing(),
        .. All.Where(party => Find(party.KeyId) is { } key && HasSigned(key) && Statement(key).Read(folder) is null)
            .Select(static party => $"key {party.Label}: wanted its statement that it takes part, as it signed in this change, got none"),
    ];

    /// <summary>Whether there is nothing left that the key could sign now.</summary>
    public bool IsDone(VerificationKey key) => Statement(key).Read(folder) is not null
        && draft.Possessions.All(possession => !possession.Key.Equals(key) || draft.IsProven(possession))
        && draft.Change.Envelopes.All(changed => !changed.Keys.Keys.Contains(key) || IsDone(changed, key))
        && draft.Roles.All(role => !role.Quorums.Any(quorum => quorum.Keys.Keys.Contains(key)) || new RoleKeys([key], 1).Signers(draft.Role(role)).Count > 0);

    /// <summary>One key's part: the statement first, so that no signature of the change is without it; then all that the key may sign in the change.</summary>
    /// <returns>How many signatures were made.</returns>
    public int Sign(SignerHome home, ITokenKey key, Action<string> show)
    {
        if (Find(key.PublicKey.Id.ToString()) is null)
        {
            throw NothingToSign(key.Label);
        }

        int signed = 0;
        CeremonyStatement statement = Statement(key.PublicKey);
        if (statement.Read(folder) is null)
        {
            show($"key {key.Label} ({key.PublicKey.Id}): takes part in change {statement.Change}");
            statement.Write(folder, home.Signer.Sign(key, SigningPurpose.Ceremony, $"change {statement.Change}", statement.Bytes));
            signed++;
        }

        return signed + new ChangeSigning(home, draft, key, show).Run();
    }

    /// <summary>Of a key that the change does not concern.</summary>
    public SignerRefusalException NothingToSign(string label) => new($"key '{label}' has nothing to sign in change {draft.Proposal.Digest}; {string.Join(", ", All.Select(static key => key.Label))} have");

    private bool HasSigned(VerificationKey key) => draft.Possessions.Any(possession => possession.Key.Equals(key) && draft.IsProven(possession))
        || draft.Roles.Any(role => new RoleKeys([key], 1).Signers(draft.Role(role)).Count > 0)
        || draft.Change.Envelopes.Any(changed => draft.Envelope(changed.Path)?.IsSignedBy(key) == true && !draft.Change.Published(changed.Path).IsSignedBy(key));

    private bool IsDone(ChangedEnvelope changed, VerificationKey key)
    {
        SignedEnvelope envelope = draft.Envelope(changed.Path) ?? draft.Change.Published(changed.Path);
        return envelope.IsSignedBy(key) || ProductSigns.Suffices(envelope, changed.Keys);
    }
}
