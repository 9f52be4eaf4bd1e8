using Fota.DeviceAgent.Configuration;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.Samples.Board;

/// <summary>What is fused into the board, from board.json: whose images it starts. The rest it shares with the agent.</summary>
internal sealed record BoardSettings(string AgentConfig, AgentSettings Agent, ReleaseAnchors Anchors)
{
    public static BoardSettings Load(string path) => SettingsFile.Load(path, static file =>
    {
        file.AllowOnly("agentConfig", "anchors", "threshold", HashBasedSettings.Member);
        string agentConfig = file.FilePath("agentConfig");
        return new BoardSettings(
            agentConfig,
            AgentSettings.Load(agentConfig),
            ReleaseAnchors.Of(
                new RoleKeys(file.FilePaths("anchors").Select(static pem => VerificationKey.FromPem(File.ReadAllText(pem))), (int)file.Number("threshold", 1, 16)),
                HashBasedSettings.Read(file)));
    });
}
