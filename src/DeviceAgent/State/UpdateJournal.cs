using System.Text.Json;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.State;

/// <summary>How far an update has come. After a power cut the next start goes on from here.</summary>
public enum UpdateStep
{
    /// <summary>The inactive slot is being written; what is in it is no release.</summary>
    Installing = 1,

    /// <summary>The boot record names the slot for a trial boot.</summary>
    Activated = 2,

    /// <summary>The trial boot was healthy. This is the intent to confirm: from here on confirming is repeated until it is done.</summary>
    Confirming = 3,

    /// <summary>The slot was read back and holds the release; it is not activated, as a gate may be closed.</summary>
    Staged = 4,

    /// <summary>What runs is given up though no check spoke against it. This is the intent to go back: it is repeated until it is done.</summary>
    Reverting = 5,
}

/// <summary>The update that is under way.</summary>
/// <param name="Deployment">The server's name for it; null when an unconfirmed slot runs that no deployment put there.</param>
/// <param name="Step">How far it has come.</param>
/// <param name="Slot">The slot it is for.</param>
/// <param name="Release">The release it installs.</param>
/// <param name="TrialFailure">Why the last trial boot was not healthy, why it is given up, or on whose word it is confirmed; null otherwise.</param>
internal sealed record UpdateJournal(string? Deployment, UpdateStep Step, SlotName Slot, InstalledRelease Release, string? TrialFailure)
{
    /// <summary>What its image took up to the last checkpoint, over all attempts; null where that is not known.</summary>
    public ImageTransfer? Transfer { get; init; }

    /// <summary>Whether an operator at the device wants it, going back or confirming; else the agent.</summary>
    public bool ByOperator { get; init; }

    /// <summary>
    /// Boots that the running trial had left when it was found to have failed, or was given up; null before. More of them later say that the bootloader began them anew, as it starts
    /// nothing else.
    /// </summary>
    public int? TriesLeft { get; init; }

    /// <summary>
    /// Whether it was writing this manifest's image into this slot, or had written it. That makes it worth looking for chunks of it there, and says nothing of them: each is proven again (A34).
    /// </summary>
    public bool Writes(SlotName slot, Sha256Digest manifest) => Step is UpdateStep.Installing or UpdateStep.Staged && Slot == slot && Release.ManifestDigest == manifest;

    /// <summary>Whether it is the same update, however far that has come.</summary>
    public bool IsSameAs(UpdateJournal? other) => other is not null && this with { Transfer = null } == other with { Transfer = null };

    /// <summary>Whether what runs is what this update installed.</summary>
    public bool Runs(BootFacts facts) => facts.Running == Slot && facts.Release.ManifestDigest == Release.ManifestDigest;

    public static UpdateJournal Read(JsonElement json) => new(
        json.OptionalText("deployment"),
        json.RequiredEnum<UpdateStep>("step"),
        json.RequiredEnum<SlotName>("slot"),
        InstalledRelease.Read(json.GetProperty("release")),
        json.OptionalText("trial_failure"))
    {
        Transfer = json.TryGetProperty("transfer", out JsonElement transfer) && transfer.ValueKind != JsonValueKind.Null ? ImageTransfer.Read(transfer) : null, // not in older files
        ByOperator = json.TryGetProperty("by_operator", out JsonElement byOperator) && byOperator.GetBoolean(),
        TriesLeft = json.TryGetProperty("tries_left", out JsonElement triesLeft) ? triesLeft.GetInt32() : null,
    };

    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("deployment", Deployment);
        json.WriteString("step", Step.ToString());
        json.WriteString("slot", Slot.ToString());
        Release.Write(json, "release");
        json.WriteString("trial_failure", TrialFailure);
        if (Transfer is null)
        {
            json.WriteNull("transfer");
        }
        else
        {
            Transfer.Write(json, "transfer");
        }

        if (ByOperator)
        {
            json.WriteBoolean("by_operator", true);
        }

        if (TriesLeft is { } tries)
        {
            json.WriteNumber("tries_left", tries);
        }

        json.WriteEndObject();
    }
}
