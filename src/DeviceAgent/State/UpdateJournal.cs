using System.Text.Json;
using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Storage;

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

    /// <summary>The trial is given up though nothing spoke against the release. This is the intent to go back: it is repeated until it is done.</summary>
    Reverting = 5,
}

/// <summary>The update that is under way.</summary>
/// <param name="Deployment">The server's name for it; null when an unconfirmed slot runs that no deployment put there.</param>
/// <param name="Step">How far it has come.</param>
/// <param name="Slot">The slot it is for.</param>
/// <param name="Release">The release it installs.</param>
/// <param name="TrialFailure">Why the last trial boot was not healthy, or why it is given up; null otherwise.</param>
internal sealed record UpdateJournal(string? Deployment, UpdateStep Step, SlotName Slot, InstalledRelease Release, string? TrialFailure)
{
    /// <summary>Whether what runs is what this update installed.</summary>
    public bool Runs(BootFacts facts) => facts.Running == Slot && facts.Release.ManifestDigest == Release.ManifestDigest;

    public static UpdateJournal Read(JsonElement json) => new(
        json.OptionalText("deployment"),
        json.RequiredEnum<UpdateStep>("step"),
        json.RequiredEnum<SlotName>("slot"),
        InstalledRelease.Read(json.GetProperty("release")),
        json.OptionalText("trial_failure"));

    public void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteString("deployment", Deployment);
        json.WriteString("step", Step.ToString());
        json.WriteString("slot", Slot.ToString());
        Release.Write(json, "release");
        json.WriteString("trial_failure", TrialFailure);
        json.WriteEndObject();
    }
}
